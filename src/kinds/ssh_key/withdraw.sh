# Take the public key out of authorized_keys: only lines as `ssh-key` writes them, and no other byte.
set -euf
LC_ALL=C; export LC_ALL
umask 077
case $RUNSHEET_BLOB in
AAAA*) ;;
*) echo 'there is no public key to look for' >&2; exit 2 ;;
esac
case $RUNSHEET_BLOB in *[!A-Za-z0-9+/=]*) echo 'the public key is not base64' >&2; exit 2 ;; esac
d=${HOME:?}/.ssh a=$d/authorized_keys
if [ ! -e "$a" ] && [ ! -L "$a" ]; then
    echo "there is no $a"
    exit 0
fi
if [ -L "$a" ] || [ ! -f "$a" ]; then
    echo "$a is not a regular file" >&2
    exit 1
fi
exec 9<"$d"
if command -v flock >/dev/null 2>&1; then flock -w 30 9; fi
t=$a.new.$$
trap 'rm -f -- "$t"' EXIT
# The copy takes owner and mode along; its content is then written anew.
cp -p -- "$a" "$t"
awk -v blob="$RUNSHEET_BLOB" '!($1 == "restrict" && $3 == blob)' "$a" >"$t"
if cmp -s "$a" "$t"; then
    echo "the key was not in $a"
    exit 0
fi
mv -f -- "$t" "$a"
echo "taken out of $a"
