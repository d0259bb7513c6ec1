# What is at the key's place: `key STATE`, and `public TYPE BLOB` of a key that is there.
set -f
LC_ALL=C; export LC_ALL
for p in ssh ssh-keygen awk; do
    command -v "$p" >/dev/null 2>&1 || { echo "$p is not there" >&2; exit 127; }
done
k=$RUNSHEET_KEY
if [ -L "$k" ]; then
    echo 'key link'
elif [ -f "$k" ]; then
    if said=$(ssh-keygen -y -P '' -f "$k" </dev/null); then
        set -- $said
        printf 'key present\npublic %s %s\n' "$1" "$2"
    else
        echo 'key unreadable'
    fi
elif [ -e "$k" ]; then
    echo 'key other'
elif [ -e "$k.pub" ] || [ -L "$k.pub" ]; then
    echo 'key half'
else
    echo 'key absent'
fi
