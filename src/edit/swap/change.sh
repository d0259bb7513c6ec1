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
  rs_seen=$rs_id
  rs_sum "$rs_base" || rs_refuse 74 unreadable "$rs_file cannot be read"
}

# rs_is FILE ID HASH: it is this very file, as it was shown, with these bytes.
rs_is() {
  rs_look "$1" && [ "$rs_id" = "$2" ] && [ "$rs_owner" = "$rs_want_owner" ] &&
    [ "$rs_raw" = "$rs_want_raw" ] && [ "$rs_links" = 1 ] && rs_sum "$1" && [ "$rs_hash" = "$3" ]
}

# rs_leads: the folder's path still leads to the folder that was shown.
rs_leads() { [ "$(stat -c '%d:%i' "$rs_dir/." 2>/dev/null)" = "$rs_here" ]; }

rs_shop=
rs_kept_aside=
rs_stopped=
rs_clean() {
  [ -n "$rs_shop" ] && [ -z "$rs_kept_aside" ] || return 0
  # A folder that somebody exchanged with the file may have come in.
  rm -rf ./new ./back ./one ./two
  rmdir "../$rs_shop" 2>/dev/null
}
trap rs_clean EXIT
trap 'rs_say "stopped by a signal before anything was changed"; exit 70' HUP INT TERM PIPE

# rs_work: makes a folder beside the target in which nobody else can write, and goes into it. What is made
# under a name beside the target itself, somebody who may write there can turn into a link to a file of
# somebody else's before it is filled, or given an owner. The file is ../NAME from here on: a folder that
# others cannot write in they cannot move elsewhere, so its .. stays what it is.
rs_work() {
  [ -z "$rs_shop" ] || return 0
  rs_made=.runsheet.$$
  mkdir -m 0700 "./$rs_made" 2>/dev/null || {
    rs_say "cannot make $rs_real/$rs_made: it is there already, or the folder cannot be written"
    return 1
  }
  cd -P "./$rs_made" 2>/dev/null && [ "$(stat -c '%d:%i' .. 2>/dev/null)" = "$rs_here" ] && rs_look . &&
    [ "${rs_owner%%:*}" = "$(id -u)" ] || {
    rs_say "$rs_real/$rs_made is not the folder that was made"
    return 1
  }
  case $rs_raw in
    4?c0) ;;
    *)
      rs_say "$rs_real/$rs_made cannot be closed to others"
      return 1
      ;;
  esac
  rs_shop=$rs_made
  rs_base=.$rs_base
  rs_find_trade
}

# rs_trade ONE TWO: lets two names change places in one call, renameat2(2) with RENAME_EXCHANGE.
rs_trade() {
  case $rs_how in
    mv) mv --exchange -T "$1" "$2" 2>/dev/null ;;
    perl)
      perl -e 'exit(syscall(0 + $ARGV[0], -100, $ARGV[1], -100, $ARGV[2], 2) != 0)' -- \
        "$rs_call" "$1" "$2" 2>/dev/null
      ;;
    python3)
      python3 -S -c 'import ctypes, os, sys
one, two = map(os.fsencode, sys.argv[1:])
sys.exit(ctypes.CDLL(None).renameat2(-100, one, -100, two, 2) != 0)' "$1" "$2" 2>/dev/null
      ;;
    *) return 1 ;;
  esac
}

# rs_find_trade: which program can do that here, tried on files of our own; none where the file system
# or the host has no such thing.
rs_find_trade() {
  case $(uname -m) in
    x86_64) rs_call=316 ;;
    aarch64 | riscv64) rs_call=276 ;;
    ppc64le | ppc64) rs_call=357 ;;
    s390x) rs_call=347 ;;
    *) rs_call= ;;
  esac
  : >./one && : >./two && rs_look ./one || {
    rs_how=
    return 0
  }
  rs_one=$rs_id
  for rs_how in mv perl python3; do
    case $rs_how$rs_call in perl) continue ;; esac
    command -v "$rs_how" >/dev/null 2>&1 && rs_trade ./one ./two && rs_look ./two &&
      [ "$rs_id" = "$rs_one" ] && return 0
  done
  rs_how=
}

# rs_own FILE: owner first, since a change of owner takes setuid bits away.
rs_own() {
  chown "$rs_want_owner" "$1" && chmod "$rs_want_mode" "$1" && rs_look "$1" &&
    [ "$rs_owner" = "$rs_want_owner" ] && [ "$rs_raw" = "$rs_want_raw" ]
}

# rs_copy FROM TO HASH: a copy of a file with these bytes, and never of what a link leads to. TO lies where
# nobody else can write, so that it stays what it is between the look and the sum.
rs_copy() {
  cp -pRP "$1" "$2" && rs_look "$2" || return 1
  case $rs_raw in 8???) ;; *) return 1 ;; esac
  rs_sum "$2" && [ "$rs_hash" = "$3" ]
}

# rs_durable PATH…: on disk. A sync that takes no names syncs everything, which is as good.
rs_durable() { sync "$@" 2>/dev/null || sync; }

# rs_place FILE ID HASH: puts FILE under the name, if what is there is this very file with these bytes.
# Gives 2 where it is not, with everything as it was, and 1 where it cannot be done.
#
# Where two names can change places, what was there at that very moment is looked at after it has left the
# name, and goes back if it is not what was shown. Elsewhere the moment between the look and the rename stays.
rs_place() {
  rs_is "$rs_base" "$2" "$3" || return 2
  rs_look "$1" || return 1
  rs_mine=$rs_id
  rs_there=$rs_id
  if [ -z "$rs_how" ]; then
    # -T keeps a folder that took the name from swallowing the file; a mv without -T gets that answer from a look.
    mv -fT "$1" "$rs_base" 2>/dev/null || { [ ! -d "$rs_base" ] && mv -f "$1" "$rs_base"; } || return 1
    rs_durable ..
    return 0
  fi
  rs_trade "$1" "$rs_base" || {
    rs_look "$rs_base" && [ "$rs_id" = "$2" ] && return 1
    return 2
  }
  if rs_is "$1" "$2" "$3"; then
    rs_durable ..
    return 0
  fi
  # Somebody was faster. What they put there goes back; should they have put yet another file over ours in
  # the meantime, that one comes out, and is the one to go back.
  for rs_try in 1 2 3 4 5 6 7 8; do
    rs_look "$1" || break
    rs_theirs=$rs_id
    rs_trade "$1" "$rs_base" && rs_look "$1" || break
    if [ "$rs_id" = "$rs_there" ]; then
      rs_durable ..
      [ "$rs_id" = "$rs_mine" ] || rs_aside "$1"
      return 2
    fi
    rs_there=$rs_theirs
  done
  rs_aside "$1"
  return 3
}

# rs_aside FILE: what somebody else made is never removed, whoever did what in which order.
rs_aside() {
  rs_kept_aside=yes
  rs_say "kept: $rs_real/$rs_shop/${1#./}, which somebody else put in the place of $rs_file meanwhile"
}

# rs_holds HASH: the name leads to these bytes, with the owner and mode they should have.
rs_holds() {
  rs_look "$rs_base" && rs_is "$rs_base" "$rs_id" "$1"
}

# rs_put_back FROM: the old bytes, out of the backup, if FROM is what is there.
rs_put_back() {
  rs_work || return 1
  rs_copy "$rs_backup" ./back "$rs_old" && rs_own ./back || {
    rs_say "the backup $rs_backup is gone, is no longer what was kept, or cannot be copied into $rs_real"
    return 1
  }
  rs_durable ./back
  rs_look "$rs_base" && rs_place ./back "$rs_id" "$1" || {
    rs_say "$rs_file was changed by somebody else meanwhile, and is left as it is"
    return 1
  }
  rs_holds "$rs_old" || {
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
