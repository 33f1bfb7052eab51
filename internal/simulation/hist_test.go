package simulation

import (
	"flag"
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"
)

var histN = flag.Uint64("hist", 0, "")
var histFrom = flag.Uint64("from", 1, "")

func TestHist(t *testing.T) {
	if *histN == 0 {
		return
	}
	t0 := time.Now()
	first := map[string]string{}
	count := map[string]int{}
	ends := map[string]int{}
	for s := *histFrom; s < *histFrom+*histN; s++ {
		r := Run(Config{Seed: s})
		for k, n := range r.Ends {
			ends[k] += n
		}
		for _, v := range r.Violations[:min(1, len(r.Violations))] {
			k := v.Check + ": " + strings.Map(func(r rune) rune {
				if r >= '0' && r <= '9' {
					return -1
				}
				return r
			}, v.Detail)[:min(60, len(strings.Map(func(r rune) rune {
				if r >= '0' && r <= '9' {
					return -1
				}
				return r
			}, v.Detail)))]
			count[k]++
			if first[k] == "" {
				first[k] = fmt.Sprintf("seed %d: %s", s, v)
			}
		}
	}
	keys := []string{}
	for k := range count {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool { return count[keys[i]] > count[keys[j]] })
	for _, k := range keys {
		d := first[k]
		fmt.Printf("%5d  %.300s\n", count[k], d)
	}
	fmt.Println(ends, time.Since(t0)/time.Duration(*histN))
}
