package storetest

import (
	"reflect"
	"strconv"
	"time"
)

// filled returns v with every stored field that is zero set to something, so
// that a field which is added to the rulebook and lost by a store is noticed.
func filled[T any](v T) T {
	n := 0
	fill(reflect.ValueOf(&v).Elem(), &n)
	return v
}

// fill sets v, and everything in it, where it is zero. n makes values differ.
func fill(v reflect.Value, n *int) {
	*n++
	if _, isTime := v.Interface().(time.Time); isTime {
		if v.IsZero() {
			v.Set(reflect.ValueOf(at.Add(time.Duration(*n))))
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("json") != "-" {
				fill(v.Field(i), n)
			}
		}
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		fill(v.Elem(), n)
	case reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	default:
		fillScalar(v, *n)
	}
}

func fillScalar(v reflect.Value, n int) {
	if !v.IsZero() {
		return
	}
	switch {
	case v.Kind() == reflect.String:
		v.SetString("text " + strconv.Itoa(n))
	case v.CanInt():
		v.SetInt(int64(n))
	case v.CanUint():
		v.SetUint(uint64(n % 256))
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.Kind() == reflect.Interface:
		v.Set(reflect.ValueOf("any " + strconv.Itoa(n)))
	case v.Kind() == reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
	default:
		panic("storetest: cannot fill " + v.Type().String())
	}
}
