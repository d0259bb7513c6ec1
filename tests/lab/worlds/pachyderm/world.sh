# shellcheck shell=bash disable=SC2034
# The world of the Pachyderm migration: a cluster in use, an empty Kubernetes cluster beside it, the object
# store of both, the machine that operators work on, and one outside that loads data.

MACHINES_TABLE='
admin   11  admin   -
loader  41  loader  -
old     21  kube    -
new     22  kube    -
store   31  store   -  s3.lab
'

# Real: aws and kubectl. The servers that they talk to stand in for the originals, and so do gsutil, azcopy and az, which
# are in no package.
PACKAGES_WORLD='
awscli             /usr/bin/aws
kubernetes-client  /usr/bin/kubectl
jq                 /usr/bin/jq
'

world_build() { :; }
