# Puts the new content in the place of the file that was shown.
rs_shown
if [ "$rs_hash" != "$rs_old" ]; then
  [ "$rs_hash" = "$rs_new" ] && rs_refuse 78 already "$rs_file already holds the new content"
  rs_refuse 71 changed "$rs_file has sha256 $rs_hash now, $rs_old when shown"
fi
rs_say "found: $rs_real/${rs_base#./}, as shown: sha256 $rs_old, owner $rs_owner, mode $rs_want_mode"

# rs_lost: says so where somebody changed it meanwhile; what went wrong went wrong for that.
rs_lost() {
  rs_is "$rs_base" "$rs_seen" "$rs_old" ||
    rs_refuse 71 changed "$rs_file changed while the new content was written; it is as somebody left it"
}

# The backup: durable before anything is changed, in a folder that nobody else can enter.
mkdir -p "$rs_backup_dir" 2>/dev/null
if [ -h "$rs_backup_dir" ] || [ ! -d "$rs_backup_dir" ]; then
  rs_refuse 73 backup "$rs_backup_dir cannot be made, or is not a folder"
fi
[ "$(stat -c %u "$rs_backup_dir")" = "$(id -u)" ] ||
  rs_refuse 73 backup "$rs_backup_dir belongs to somebody else"
chmod 0700 "$rs_backup_dir" || rs_refuse 73 backup "cannot close $rs_backup_dir to others"
rs_kept=$(cd -P "$rs_backup_dir" && pwd -P) || rs_refuse 73 backup "cannot enter $rs_backup_dir"
case ${rs_kept%/}/ in
  "${rs_real%/}"/*) rs_refuse 73 backup "$rs_kept lies inside the folder of the file, $rs_real" ;;
esac
(set -C && : >"$rs_backup") 2>/dev/null ||
  rs_refuse 73 backup "$rs_backup is there already, or cannot be made"
rs_copy "$rs_base" "$rs_backup" "$rs_old" || {
  rm -rf "$rs_backup"
  rs_lost
  rs_refuse 73 backup "cannot copy $rs_file to $rs_backup"
}
rs_durable "$rs_backup" "$rs_backup_dir"
rs_say "backup: $rs_backup, sha256 $rs_old"

# A copy of the file itself is made first, for what cp -p knows to keep beyond owner and mode,
# and is then filled anew.
rs_work || rs_refuse 74 write "nothing was changed; the backup stays"
rs_copy "$rs_base" ./new "$rs_old" && chmod 0600 ./new && printf '%s' "$rs_content" >./new &&
  rs_sum ./new && [ "$rs_hash" = "$rs_new" ] || {
  rs_lost
  rs_refuse 74 write "cannot write beside $rs_file (is the disk full?); nothing was changed"
}
rs_own ./new || rs_refuse 74 write "cannot give the new file owner $rs_want_owner and mode $rs_want_mode; nothing was changed"
rs_durable ./new

rs_leads || rs_refuse 71 changed "$rs_dir no longer leads to the folder that was shown; nothing was changed"
trap 'rs_stopped=yes' HUP INT TERM PIPE
rs_place ./new "$rs_seen" "$rs_old"
case $? in
  0) ;;
  1) rs_refuse 74 write "cannot put the new file under the name $rs_file; it is as it was" ;;
  2) rs_refuse 71 changed "$rs_file changed while the new content was written; it is as somebody left it" ;;
  *) rs_refuse 77 restore "$rs_file was changed by somebody else again and again" ;;
esac

rs_wrong=
if rs_holds "$rs_new" && rs_leads; then
  rs_say "wrote: $rs_file, sha256 $rs_new, owner $rs_owner, mode $rs_want_mode"
  [ -n "$rs_how" ] || rs_say 'this host cannot exchange two names: a change in the last moment would not have been seen'
  rs_validate || rs_wrong='the validation failed'
else
  rs_wrong='what is there now is not what was written'
fi
[ -n "$rs_wrong" ] || exit 0
rs_say "$rs_wrong; the old content goes back"
rs_put_back "$rs_new" ||
  rs_refuse 77 restore "$rs_wrong, and the file could not be put back. By hand: cp -p '$rs_backup' '$rs_file'"
rs_refuse 76 validate "$rs_wrong; restored: $rs_file, sha256 $rs_old"
