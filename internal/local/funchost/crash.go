package funchost

// KillHandler kills the handler's process, as a system without memory does:
// the host finds it gone, counts that, and starts another. While none runs
// nothing happens.
func (r *Running) KillHandler() {
	a, err := r.loaded()
	if err != nil || a.worker == nil {
		return
	}
	a.worker.mu.Lock()
	p := a.worker.current
	a.worker.mu.Unlock()
	if p != nil {
		_ = p.cmd.Process.Kill() // already gone is fine
	}
}
