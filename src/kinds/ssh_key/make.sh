# Make the key pair where there is none, and print the public key.
set -euf
LC_ALL=C; export LC_ALL
umask 077
k=$RUNSHEET_KEY
if [ ! -e "$k" ] && [ ! -L "$k" ]; then
    if [ -e "$k.pub" ] || [ -L "$k.pub" ]; then
        echo "$k.pub is there without its private key; move it away" >&2
        exit 1
    fi
    [ -d "${k%/*}/" ] || mkdir -p -- "${k%/*}"
    if [ "$RUNSHEET_TYPE" = rsa ]; then set -- -b 4096; else set --; fi
    ssh-keygen -q -t "$RUNSHEET_TYPE" "$@" -N '' -C "$RUNSHEET_COMMENT" -f "$k" </dev/null >&2
fi
if [ -L "$k" ] || [ ! -f "$k" ]; then
    echo "$k is not a regular file" >&2
    exit 1
fi
said=$(ssh-keygen -y -P '' -f "$k" </dev/null)
set -- $said
printf '%s %s\n' "$1" "$2"
