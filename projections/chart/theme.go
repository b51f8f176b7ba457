package chart

import (
	"image/color"
	"strconv"
)

// theme is the colours of a picture. Each repeats what a form or a word says.
type theme struct {
	name                            string
	page, ink, quiet, grid          color.NRGBA
	strong, plan, target, forecast  color.NRGBA
	done, inProgress, onHold, toDo  color.NRGBA
	inProgressHatch, onHoldHatching color.NRGBA
}

// The colours are apart for the colour-blind, and apart in lightness: done is
// dark on a light page, to do nearly the page.
func themeOf(dark bool) theme {
	if dark {
		return theme{
			name: "dark", page: rgb(0x11171d), ink: rgb(0xe9eef3), quiet: rgb(0x9fabb8), grid: rgb(0x27313b),
			strong: rgb(0x62b0ff), plan: rgb(0xb6c1cc), target: rgb(0xff9b6a), forecast: rgb(0xcbb0ff),
			done: rgb(0x3f8fdc), inProgress: rgb(0x7d6420), onHold: rgb(0x8a3d1f), toDo: rgb(0x2c3742),
			inProgressHatch: rgb(0xf0c95a), onHoldHatching: rgb(0xffa27a),
		}
	}
	return theme{
		name: "light", page: rgb(0xffffff), ink: rgb(0x18222c), quiet: rgb(0x586673), grid: rgb(0xe4e9ee),
		strong: rgb(0x0b5cad), plan: rgb(0x46525e), target: rgb(0xb23c0e), forecast: rgb(0x6b3fa0),
		done: rgb(0x2f7cc4), inProgress: rgb(0xffe3a1), onHold: rgb(0xf7b99a), toDo: rgb(0xe3e8ed),
		inProgressHatch: rgb(0xb07a00), onHoldHatching: rgb(0xa03208),
	}
}

func rgb(hex uint32) color.NRGBA {
	return color.NRGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: 0xff}
}

// faint returns c, of which so many percent are seen.
func faint(c color.NRGBA, percent int) color.NRGBA {
	c.A = uint8((percent*0xff + 50) / 100)
	return c
}

// over returns the colour that c makes on a ground.
func over(ground, c color.NRGBA) color.NRGBA {
	mix := func(g, v uint8) uint8 { return uint8((int(g)*(0xff-int(c.A)) + int(v)*int(c.A) + 0x7f) / 0xff) }
	return color.NRGBA{R: mix(ground.R, c.R), G: mix(ground.G, c.G), B: mix(ground.B, c.B), A: 0xff}
}

// hexOf returns c as in #18222c, without how much of it is seen.
func hexOf(c color.NRGBA) string {
	n := 1<<24 | int64(c.R)<<16 | int64(c.G)<<8 | int64(c.B)
	return "#" + strconv.FormatInt(n, 16)[1:]
}
