package main

import "golang.org/x/sys/unix"

// expectHeap prepares for a command that will touch tens of megabytes: it asks
// the kernel to back the heap with pages of 2 MB. On a virtual machine, a first
// touch of each 4 KB can cost more than what is then done with them: a command
// on a log of 10,000 events took twice as long.
//
// Go has no call for that. So the heap grows once by an object of that size,
// whose pages are marked; the object is garbage at once, and the collection
// that its size sets off gives its pages to what is allocated next.
func expectHeap() {
	const size = 64 << 20 // none of it is used before it is needed
	_ = unix.Madvise(make([]byte, size), unix.MADV_HUGEPAGE)
}
