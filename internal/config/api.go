package config

import "time"

// API bounds what clients may ask of the API.
type API struct {
	MaxBody     int64         `envconfig:"TRE_API_MAX_BODY" app:"front" default:"1048576" unit:"bytes" max:"4194304" desc:"largest body of a call to the API; the longest request we take is a hundredth of it"`
	MaxTemplate int64         `envconfig:"TRE_API_MAX_TEMPLATE" app:"front" default:"6291456" unit:"bytes" max:"16777216" desc:"largest body of a call that registers a template; an ARM template may have 4 MiB, its schema half of one"`
	MaxDepth    int           `envconfig:"TRE_API_MAX_DEPTH" app:"front" default:"32" max:"1000" desc:"deepest nesting of JSON in a body; our forms are flat"`
	MaxHeaders  int           `envconfig:"TRE_API_MAX_HEADERS" app:"front" default:"32768" unit:"bytes" max:"65536" desc:"largest headers of a call together; a token full of groups needs most of it"`
	Timeout     time.Duration `envconfig:"TRE_API_TIMEOUT" app:"front" default:"100s" max:"230s" desc:"when a call is given up with 503; Azure's load balancer cuts it at 230 s"`
	MaxList     int           `envconfig:"TRE_API_MAX_LIST" app:"front" default:"5000" max:"100000" desc:"most entries of a list where the client asks for no limit, as AzureTRE's do; a Link header leads to the rest"`
	Origins     List          `envconfig:"TRE_API_ORIGINS" app:"front" desc:"origins whose pages may call the API, such as https://tre.example.org; unset means none"`
	KeyLife     time.Duration `envconfig:"TRE_API_KEY_LIFE" app:"both" default:"168h" desc:"how long an Idempotency-Key makes a call the repeat of an earlier one: longer than any script tries again"`
	Rate        int           `envconfig:"TRE_API_RATE" app:"front" default:"20" unit:"calls a second" max:"100000" desc:"calls that one person gets over a longer time, over all instances; scripts need more than hands"`
	Burst       int           `envconfig:"TRE_API_BURST" app:"front" default:"600" unit:"calls" max:"1000000" desc:"calls that one person gets at once after a rest; past them 429 with Retry-After"`
	RateBlock   int           `envconfig:"TRE_API_RATE_BLOCK" app:"front" default:"50" unit:"calls" max:"10000" desc:"calls that an instance takes of a person's at a time; more cost fewer storage calls and count less exactly"`
}
