package api

// Told returns the config of a door that tells of each route that it has.
func (c Config) Told(added func(pattern string)) Config {
	c.onRoute = added
	return c
}
