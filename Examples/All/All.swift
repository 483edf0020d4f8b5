// What makes a build of this package a build of all examples.
