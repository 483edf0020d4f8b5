// The objects are added by the build plugin: the datapath's programs as another build has them.
