# Write the other machine's host keys beside the key.
set -euf
LC_ALL=C; export LC_ALL
umask 077
f=$RUNSHEET_KEY.known_hosts
if [ -L "$f" ] || { [ -e "$f" ] && [ ! -f "$f" ]; }; then
    echo "$f is not a regular file" >&2
    exit 1
fi
t=$f.new.$$
trap 'rm -f -- "$t"' EXIT
if [ -f "$f" ]; then
    awk -v host="$RUNSHEET_PATTERN" '$1 != host' "$f" >"$t"
fi
printf '%s\n' "$RUNSHEET_HOST_KEYS" >>"$t"
mv -f -- "$t" "$f"
