# Puts the backup of an edit back, if the file is still what the edit made of it.
rs_shown
if [ "$rs_hash" != "$rs_new" ]; then
  [ "$rs_hash" = "$rs_old" ] && rs_refuse 78 already "$rs_file already holds what was there before the edit"
  rs_refuse 71 changed "$rs_file has sha256 $rs_hash now, $rs_new after the edit: somebody changed it since"
fi
rs_say "found: $rs_real/${rs_base#./}, as the edit left it: sha256 $rs_new"
if [ -h "$rs_backup" ] || [ ! -f "$rs_backup" ]; then
  rs_refuse 73 backup "the backup $rs_backup is gone"
fi
rs_sum "$rs_backup" && [ "$rs_hash" = "$rs_old" ] ||
  rs_refuse 73 backup "the backup $rs_backup is no longer what was kept"
trap 'rs_stopped=yes' HUP INT TERM PIPE
rs_put_back "$rs_new" || rs_refuse 77 restore "not restored: $rs_file"
rs_say "restored: $rs_file, sha256 $rs_old, owner $rs_want_owner, mode $rs_want_mode"
rs_validate || rs_refuse 79 validate "restored as it was before the edit, and the validation fails on that"
exit 0
