//go:build !linux

package main

func expectHeap() {}
