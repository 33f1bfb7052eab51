package workspace

import (
	"cmp"
	"fmt"
	"maps"
	"time"
)

// Began notes that the cloud took the job, when to look again, and the resume
// token.
func (r Resource) Began(token string, at time.Time, c Cadence) Resource {
	r = r.clone()
	r.Job.Begun, r.Job.Token, r.Job.Trouble = at.UTC(), token, ""
	r.Job.Next, r.Job.Looks = at.Add(c.pause(0)).UTC(), 1
	return r
}

// Due tells whether it is time for the next look that orders another one. Hints
// that come earlier look too, but order nothing, so that repeats do not multiply.
func (r Resource) Due(at time.Time) bool { return r.Job != nil && !r.Job.Next.After(at) }

// Later notes that the job was looked at and goes on, and when to look again:
// after the usual pause, or as the cloud wants it.
func (r Resource) Later(at time.Time, wish time.Duration, c Cadence) Resource {
	r = r.clone()
	r.Job.Next = at.Add(max(c.pause(r.Job.Looks), wish)).UTC()
	r.Job.Looks++
	return r
}

// Stopping notes that the cloud was asked to stop the job.
func (r Resource) Stopping() Resource {
	r = r.clone()
	r.Job.Cancelled = true
	return r
}

// Troubled takes what went wrong with starting or looking at a job: the job goes
// on, later, while the trouble may pass and its deadline has not; otherwise it
// ended.
func (r Resource) Troubled(err error, at time.Time, c Cadence) (Resource, bool) {
	told := trouble(err, at.Sub(r.young()))
	switch {
	case told.Class == Final:
		return r.Finish(Seen{Progress: Broken, Err: told}, at), true
	case !at.Before(r.Job.Deadline):
		return r.late(told.Error(), at), true
	}
	r = r.Later(at, told.After, c)
	r.Job.Trouble = told.Error()
	return r, false
}

// young is when the thing became what a role assignment may be too new for.
func (r Resource) young() time.Time {
	if r.Job != nil && r.Job.Action == Install {
		return r.Job.Since
	}
	return r.CreatedAt
}

// Judge takes what a look saw: the job goes on, or is to be started (again), or
// ended. The resource is what is to be stored then.
func (r Resource) Judge(seen Seen, at time.Time, c Cadence) (Resource, Do) {
	job := r.Job
	removes := job.Action == Uninstall
	foreign := seen.Run != "" && seen.Run != job.Run && !removes
	switch {
	case seen.Progress == Absent && removes:
		return r.Finish(Seen{Progress: Complete}, at), Settle
	case job.Cancelled && job.Begun.IsZero() && seen.Run != job.Run && seen.Progress != InProgress: // it never began: what is seen is from before
		return r.Finish(Seen{Progress: Stopped}, at), Settle
	case !at.Before(job.Deadline) && seen.Progress == InProgress:
		return r.late("", at), Settle
	case seen.Progress == InProgress:
		return r.Later(at, seen.After, c), Look
	case seen.Progress == Absent || foreign: // ours never came there, or vanished
		return r.again("nothing of it is there", at, c)
	case seen.Progress == Broken:
		return r.broken(seen, at, c)
	case removes: // it is still there, and nobody is deleting it
		return r.again("it is still there", at, c)
	}
	return r.Finish(seen, at), Settle
}

// broken tells whether a failure is worth another try.
func (r Resource) broken(seen Seen, at time.Time, c Cadence) (Resource, Do) {
	told := seen.Err
	if told == nil {
		told = &CloudError{Class: Final, Message: "it failed, and Azure does not say why"}
	}
	if Classify(told.Status, told.Code, at.Sub(r.young())) == Final {
		return r.Finish(Seen{Progress: Broken, Err: told}, at), Settle
	}
	r, do := r.again(told.Error(), at, c)
	if do == Settle {
		r.Results[len(r.Results)-1].Message, r.Message = told.Error(), told.Error()
	}
	return r, do
}

// again has the job started anew, a limited number of times.
func (r Resource) again(why string, at time.Time, c Cadence) (Resource, Do) {
	switch {
	case r.Job.Cancelled:
		return r.Finish(Seen{Progress: Stopped}, at), Settle
	case !at.Before(r.Job.Deadline):
		return r.late(why, at), Settle
	case r.Job.Restarts >= c.Tries:
		return r.Finish(Seen{Progress: Broken, Err: &CloudError{Class: Final, Message: fmt.Sprintf("%s, after %d tries", why, c.Tries+1)}}, at), Settle
	}
	r = r.Later(at, 0, c)
	r.Job.Begun, r.Job.Token, r.Job.Trouble = time.Time{}, "", why
	r.Job.Restarts++
	return r, Start
}

// late ends a job whose deadline passed.
func (r Resource) late(why string, at time.Time) Resource {
	text := fmt.Sprintf("did not end within %s", r.Job.Deadline.Sub(r.Job.Since))
	if why = cmp.Or(why, r.Job.Trouble); why != "" {
		text += ": " + why
	}
	return r.Finish(Seen{Progress: Broken, Err: &CloudError{Class: Final, Message: text}}, at)
}

// stopped is what is told of a job that was stopped; the operation knows by whom.
const stopped = "it was cancelled"

// Finish ends the job: the status says how, outputs are merged into the
// properties, and the run's result is kept for the operation to read.
func (r Resource) Finish(seen Seen, at time.Time) Resource {
	r = r.clone()
	job, good := *r.Job, seen.Progress == Complete
	result := Result{Run: job.Run, Good: good, At: at.UTC()}
	on := Succeeds
	switch {
	case seen.Err != nil:
		result.Message = seen.Err.Error()
	case seen.Progress == Stopped:
		result.Message = stopped
	case !good:
		result.Message = "it failed, and Azure does not say why"
	}
	if !good {
		on = Fails
	}
	if moved, err := r.move(on); err == nil { // a job runs in a running status; a row that says otherwise keeps its status
		r = moved
	}
	r.Message, r.Job, r.UpdatedAt = result.Message, nil, at.UTC()
	r.Results = append(r.Results, result)
	r.Results = r.Results[max(0, len(r.Results)-maxResults):]
	if good {
		r.succeeded(job, seen)
	}
	return r
}

// succeeded takes over what a good end brings.
func (r *Resource) succeeded(job Job, seen Seen) {
	switch {
	case job.Action == Uninstall:
		r.Installed, r.Outputs = false, nil
	case seen.Outputs != nil:
		if r.Properties == nil {
			r.Properties = map[string]any{}
		}
		maps.Copy(r.Properties, seen.Outputs)
		r.Outputs = maps.Clone(seen.Outputs)
	}
	if job.Action == Install || job.Action == Upgrade {
		r.Installed = true
	}
}
