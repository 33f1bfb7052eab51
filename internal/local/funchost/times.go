package funchost

import "time"

// Times are the intervals of the host. They exist so that tests and chaos runs
// can be quick; the zero value of a field is the real value. Where host.json
// has a setting for the same thing, host.json wins.
type Times struct {
	// ReadyPoll is the pause between two GET / while the handler starts.
	// 25 ms: WorkerConstants.WorkerReadyCheckPollingIntervalMilliseconds.
	ReadyPoll time.Duration
	// Init is how long the handler may take to answer. 30 s:
	// HttpWorkerOptions.InitializationTimeout. An invocation waits four times
	// as long for a ready handler, then the host gives up.
	Init time.Duration
	// RestartWindow forgets handler failures that lie further apart. 30 min:
	// HttpFunctionInvocationDispatcher.
	RestartWindow time.Duration
	// ExitNotice is how long a broken call waits to see whether the handler
	// died, so that the next call goes to the next handler. 250 ms, ours.
	ExitNotice time.Duration
	// TimeoutTogether is how close two function timeouts must lie to bring the
	// host down with them, which host 4.1037 was seen to do (recording
	// timeout-two-at-once). 100 ms, ours; negative turns it off.
	TimeoutTogether time.Duration
	// ReceiveVisibility hides a received message; it is renewed at half time.
	// 10 min: QueueListener. Whole seconds, at least one.
	ReceiveVisibility time.Duration
	// PollMin and PollMax bound the pause between two looks at an empty queue.
	// 100 ms and 1 min: QueuePollingIntervals.
	PollMin, PollMax time.Duration
	// Lock is the term of the lease that keeps a timer on one host. 15 s,
	// the least a blob lease can have: ScriptHost's SingletonOptions.
	Lock time.Duration
	// LockRecovery is the pause between two tries to get that lease. 60 s:
	// SingletonOptions.ListenerLockRecoveryPollingInterval.
	LockRecovery time.Duration
	// ProxyRetryMin and ProxyRetryMax bound the doubling pause before a proxied
	// request is sent again to a handler that went away. 50 and 250 ms:
	// RetryProxyHandler.
	ProxyRetryMin, ProxyRetryMax time.Duration
	// ProxyIdle ends a proxied request that neither side moves. 240 s:
	// DefaultHttpProxyService.
	ProxyIdle time.Duration
	// StartRetryMin and StartRetryMax bound the doubling pause between two
	// tries to start an app whose host.json is wrong. 1 s and 2 min:
	// WebJobsScriptHostService.
	StartRetryMin, StartRetryMax time.Duration
	// Shutdown bounds how long Stop waits for running invocations. 30 s, the
	// generic host's HostOptions.ShutdownTimeout.
	Shutdown time.Duration
}

func (t Times) withDefaults() Times {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&t.ReadyPoll, 25 * time.Millisecond},
		{&t.Init, 30 * time.Second},
		{&t.RestartWindow, 30 * time.Minute},
		{&t.ExitNotice, 250 * time.Millisecond},
		{&t.TimeoutTogether, 100 * time.Millisecond},
		{&t.ReceiveVisibility, 10 * time.Minute},
		{&t.PollMin, 100 * time.Millisecond},
		{&t.PollMax, time.Minute},
		{&t.Lock, 15 * time.Second},
		{&t.LockRecovery, time.Minute},
		{&t.ProxyRetryMin, 50 * time.Millisecond},
		{&t.ProxyRetryMax, 250 * time.Millisecond},
		{&t.ProxyIdle, 240 * time.Second},
		{&t.StartRetryMin, time.Second},
		{&t.StartRetryMax, 2 * time.Minute},
		{&t.Shutdown, 30 * time.Second},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	return t
}

// wholeSeconds rounds up, because storage counts visibility in seconds.
func wholeSeconds(d time.Duration) int32 {
	return int32((d + time.Second - 1) / time.Second)
}
