#!/bin/sh
# Makes the namespace, with closed workflows kept for 30 days, as the journal's rebuilding wants them.
set -eu
temporal operator cluster health --address "$TEMPORAL_ADDRESS"
temporal operator namespace describe --namespace driftless --address "$TEMPORAL_ADDRESS" ||
  temporal operator namespace create --namespace driftless --retention 720h --address "$TEMPORAL_ADDRESS"
