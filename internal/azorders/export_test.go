package azorders

// Receipt is the proof that p was taken here, which only another taker's replaces.
func (p Poisoned) Receipt() string { return p.receipt }
