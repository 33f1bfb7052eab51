package expr

import (
	"fmt"
	"math/big"
	"net/netip"
)

var networkFunctions = map[string]plain{
	"parsecidr":  parseCIDR,
	"cidrsubnet": cidrSubnet,
	"cidrhost":   cidrHost,
}

func prefixOf(args []any) (netip.Prefix, error) {
	s, err := arg[string](args, 0)
	if err != nil {
		return netip.Prefix{}, err
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, fmt.Errorf("'%s' is not a range of addresses", s)
	}
	return p.Masked(), nil
}

// plus is an address so many further on; false beyond the last.
func plus(a netip.Addr, n *big.Int) (netip.Addr, bool) {
	sum := new(big.Int).Add(new(big.Int).SetBytes(a.AsSlice()), n)
	size := a.BitLen() / 8
	if sum.Sign() < 0 || len(sum.Bytes()) > size {
		return netip.Addr{}, false
	}
	return netip.AddrFromSlice(sum.FillBytes(make([]byte, size)))
}

// count is how many addresses a range of so many free bits has.
func count(bits int) *big.Int { return new(big.Int).Lsh(big.NewInt(1), uint(bits)) }

func cidrSubnet(args []any) (any, error) {
	p, err := prefixOf(args)
	if err != nil {
		return nil, err
	}
	bits, err := arg[int64](args, 1)
	if err != nil {
		return nil, err
	}
	n, err := arg[int64](args, 2)
	if err != nil {
		return nil, err
	}
	if bits < int64(p.Bits()) || bits > int64(p.Addr().BitLen()) {
		return nil, fmt.Errorf("the prefix length %d does not lie in '%s'", bits, p)
	}
	first, ok := plus(p.Addr(), new(big.Int).Mul(big.NewInt(n), count(p.Addr().BitLen()-int(bits))))
	if n < 0 || !ok || !p.Contains(first) {
		return nil, fmt.Errorf("'%s' has no subnet %d of length %d", p, n, bits)
	}
	return netip.PrefixFrom(first, int(bits)).String(), nil
}

// cidrHost counts from the first usable address, so 0 is the one after the network's.
func cidrHost(args []any) (any, error) {
	p, err := prefixOf(args)
	if err != nil {
		return nil, err
	}
	n, err := arg[int64](args, 1)
	if err != nil {
		return nil, err
	}
	host, ok := plus(p.Addr(), big.NewInt(n+1))
	if n < 0 || !ok || !p.Contains(host) {
		return nil, fmt.Errorf("'%s' has no host %d", p, n)
	}
	return host.String(), nil
}

func parseCIDR(args []any) (any, error) {
	p, err := prefixOf(args)
	if err != nil {
		return nil, err
	}
	free := p.Addr().BitLen() - p.Bits()
	last, _ := plus(p.Addr(), new(big.Int).Sub(count(free), big.NewInt(1)))
	out := map[string]any{"network": p.Addr().String(), "cidr": int64(p.Bits()), "netmask": mask(p)}
	firstUsable, lastUsable := p.Addr(), last
	if p.Addr().Is4() {
		out["broadcast"] = last.String()
		if lastUsable = p.Addr(); free > 1 {
			firstUsable, lastUsable = p.Addr().Next(), last.Prev()
		}
	}
	out["firstUsable"], out["lastUsable"] = firstUsable.String(), lastUsable.String()
	return out, nil
}

func mask(p netip.Prefix) string {
	size := p.Addr().BitLen()
	ones := new(big.Int).Sub(count(size), count(size-p.Bits()))
	a, _ := netip.AddrFromSlice(ones.FillBytes(make([]byte, size/8)))
	return a.String()
}
