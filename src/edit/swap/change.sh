# What swap and restore share: the steps that write.

# rs_shown: refuses unless folder, owner and mode are those that were shown.
rs_shown() {
  rs_enter
  [ "$rs_real" = "$rs_want_real" ] ||
    rs_refuse 71 changed "the folder of $rs_file is now $rs_real, not $rs_want_real"
  [ "$rs_here" = "$rs_want_here" ] || rs_refuse 71 changed "the folder $rs_real is another one than shown"
  rs_plain
  [ "$rs_owner" = "$rs_want_owner" ] ||
    rs_refuse 71 changed "$rs_file belongs to $rs_owner now, to $rs_want_owner when shown"
  [ "$rs_raw" = "$rs_want_raw" ] ||
    rs_refuse 71 changed "$rs_file has type and mode $rs_raw (hex) now, $rs_want_raw when shown"
  rs_sum "$rs_base" || rs_refuse 74 unreadable "$rs_file cannot be read"
}

# rs_still HASH: the last look before the rename.
rs_still() {
  rs_was=$rs_id
  rs_look "$rs_base" && [ "$rs_id" = "$rs_was" ] && [ "$rs_owner" = "$rs_want_owner" ] &&
    [ "$rs_raw" = "$rs_want_raw" ] && [ "$rs_links" = 1 ] &&
    rs_sum "$rs_base" && [ "$rs_hash" = "$1" ]
}

rs_tmp=
rs_stopped=
rs_clean() { [ -z "$rs_tmp" ] || rm -f "$rs_tmp"; }
trap rs_clean EXIT
trap 'rs_say "stopped by a signal before anything was changed"; exit 70' HUP INT TERM PIPE

# rs_fresh: a new, empty, private file beside the target; never one that is already there.
rs_fresh() {
  rs_name=./.runsheet.$$.$1
  (set -C && : >"$rs_name") 2>/dev/null || {
    rs_say "cannot make $rs_real/${rs_name#./}: it is there already, or the folder cannot be written"
    return 1
  }
  rs_tmp=$rs_name
}

# rs_own: owner first, since a change of owner takes setuid bits away.
rs_own() {
  chown "$rs_want_owner" "$rs_tmp" && chmod "$rs_want_mode" "$rs_tmp" && rs_look "$rs_tmp" &&
    [ "$rs_owner" = "$rs_want_owner" ] && [ "$rs_raw" = "$rs_want_raw" ]
}

# rs_durable PATH…: on disk. A sync that takes no names syncs everything, which is as good.
rs_durable() { sync "$@" 2>/dev/null || sync; }

# rs_rename: puts the new file under the name. -T keeps a folder that took the name from
# swallowing it; a mv without -T gets that answer from a look, and the look afterwards tells both.
rs_rename() {
  mv -fT "$rs_tmp" "$rs_base" 2>/dev/null || {
    [ ! -d "$rs_base" ] && mv -f "$rs_tmp" "$rs_base"
  } || return 1
  rs_tmp=
  rs_durable .
}

# rs_there HASH: the name leads to these bytes, with the owner and mode they should have.
rs_there() {
  rs_look "$rs_base" && [ "$rs_owner" = "$rs_want_owner" ] && [ "$rs_raw" = "$rs_want_raw" ] &&
    [ "$rs_links" = 1 ] && rs_sum "$rs_base" && [ "$rs_hash" = "$1" ]
}

# rs_put_back FROM: the old bytes, out of the backup, in one rename, if FROM is what is there.
rs_put_back() {
  rs_sum "$rs_backup" && [ "$rs_hash" = "$rs_old" ] || {
    rs_say "the backup $rs_backup is gone, or is no longer what was kept"
    return 1
  }
  rs_fresh back || return 1
  cp -p "$rs_backup" "$rs_tmp" && rs_own && rs_sum "$rs_tmp" && [ "$rs_hash" = "$rs_old" ] || {
    rs_say "cannot copy the backup $rs_backup into $rs_real"
    return 1
  }
  rs_durable "$rs_tmp"
  rs_look "$rs_base" && rs_still "$1" || {
    rs_say "$rs_file was changed by somebody else meanwhile, and is left as it is"
    return 1
  }
  rs_rename && rs_there "$rs_old" || {
    rs_say "cannot put the backup in the place of $rs_file"
    return 1
  }
}

# rs_validate: the runbook's own check, in a shell of its own, away from our folder.
rs_validate() {
  if [ -z "$rs_check" ]; then
    rs_say 'validate: nothing asked'
    return 0
  fi
  rs_say "validate: $rs_check"
  (
    trap - HUP INT TERM PIPE
    umask "$rs_umask"
    set +u
    cd / && eval "$rs_check"
  ) 2>&1
  rs_status=$?
  if [ -n "$rs_stopped" ]; then
    rs_say 'validate: cut short by a signal, which counts as a failure'
    return 1
  fi
  rs_say "validate: exit $rs_status"
  return "$rs_status"
}
