targetScope = 'subscription'

func twice(s string) string => '${s}${s}'

var mixed = { a: 1, b: [1, 'x<y'] }
var list = [1, 2]
var maybe object = mixed

output all object = {
  u: uniqueString('a')
  u2: uniqueString('abc', 'defgh')
  u3: uniqueString('abcdefghijklmnopqrstu')
  g: guid('a', 'b')
  b: '${true} ${12} ${mixed} ${list}'
  s: string(true)
  f: format('{0:00}-{1:D3}-{2:X}', 7, 8, 255)
  p: parseCidr('10.1.2.0/26')
  p31: parseCidr('10.1.2.0/31')
  c: cidrHost('10.1.2.0/26', 3)
  c6: cidrSubnet('fdad:3236:5555::/48', 52, 2)
  m: map(range(0, 3), i => i * 2)
  so: sort([3, 1, 2], (x, y) => x < y)
  to: toObject(['a', 'b'], x => x, x => twice(x))
  it: items({ z: 1, a: 2 })
  un: union({ a: { b: 1, c: 2 }, x: [1] }, { a: { c: 3 }, x: [2] })
  ua: union([1, 2], [2, 3])
  ix: indexOf('abcABC', 'C')
  lx: lastIndexOf('abcABC', 'c')
  sw: startsWith('Abc', 'aB')
  ct: contains('Abc', 'ab')
  eq: 'a' =~ 'A'
  sub: substring('hello', 1, 3)
  pl: padLeft(7, 3, '0')
  b64: base64('hi')
  j: json('{"a": 1.5, "b": 10000000000}')
  uc: uriComponent('a b/c?&~!()*')
  ud: uri('http://a.com/b/', 'c/d')
  dt: dateTimeAdd('2026-01-31T00:00:00Z', 'P1M', 'yyyy-MM-dd')
  dt2: dateTimeAdd('2026-01-31T00:00:00Z', '-PT3H')
  de: dateTimeToEpoch('2026-01-31T00:00:00Z')
  tg: maybe.?c ?? 'none'
  tk: take('hello', 2)
  sk: skip([1, 2, 3], 1)
  inter: intersection({ a: 1, b: 2 }, { a: 1, b: 3 })
  sm: shallowMerge([{ a: { b: 1 } }, { a: { c: 2 } }])
  gb: groupBy(['a1', 'b1', 'a2'], x => substring(x, 0, 1))
  mv: mapValues({ a: 1 }, v => v + 1)
  red: reduce([1, 2, 3], 0, (a, b) => a + b)
  fl: filter([1, 2, 3], x => x > 1)
  flat: flatten([[1], [2, 3]])
  fst: first('abc')
  lst: last([1, 2])
  mn: min(3, 1, 2)
  mx: max([3, 1, 2])
  dv: 7 / 2
  md: -7 % 3
  cc: concat([1], [2])
  nul: empty(null)
  spl: split('a,b;c', [',', ';'])
  jn: join(['a', 1, true], '-')
  du: dataUri('hi')
  rid: subscriptionResourceId('Microsoft.A/b/c', 'x', 'y')
  eid: extensionResourceId('/subscriptions/x', 'Microsoft.A/b', 'n')
  tid: tenantResourceId('Microsoft.A/b', 'n')
  sid: subscription().id
  ssid: subscription().subscriptionId
  ek: 'it\'s [x] {y}'
  lit: '[literal]'
  neg: -5
  ok: objectKeys({ b: 1, a: 2 })
  cm: ('a' < 'b')
  tl: toLower('ÄB')
  trm: trim(' x ')
  rp: replace('aXbX', 'X', 'yy')
  ife: (true ? 1 : 2)
  boolf: bool('true')
  intf: int('12')
}
output pairs array = [for (x, i) in ['a', 'b']: '${x}${i}']
