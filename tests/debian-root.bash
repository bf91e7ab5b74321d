# shellcheck shell=bash disable=SC2154 # `mirror` and `folder` are the script's that sources it
# debian-root.bash: a bare Debian 12 in a folder, for scripts that try envtally in one. Sourced; the script has `fail STATUS MESSAGE` and sets
# `mirror` (a URL; empty: this machine's) and `folder` (where the root is made).
#
# make_root makes it with debootstrap; `inside COMMAND` runs a command in it, as root. The root and its mounts are gone at the end, however the
# script ends; only a `kill -9` leaves the folder. `boot` starts systemd in it, `booted COMMAND` runs a command beside that. Needs root, debootstrap,
# a network with packages, and for boot control groups of version 2.
#
# The root gets packages the way this machine does: its apt sources for Debian 12 and settings (proxies), its certificate authorities,
# its npm settings. The packages of the root itself come from `mirror`, else from the first of those sources, else from deb.debian.org.

# shellcheck disable=SC2016 # apt's own placeholders
# This machine's sources of Debian 12, one "URI RELEASE COMPONENT" a line.
sources() {
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages' 2>/dev/null |
		awk '$2 ~ /^bookworm/ && $4 == "Debian" { print $1, $2, $3 }' | sort -u
}

make_root() {
	local proxy file name
	[ "$(id -u)" -eq 0 ] || fail 77 "cannot make a root: run this as root"
	command -v debootstrap >/dev/null || fail 69 "cannot make a root without debootstrap: apt-get install debootstrap"
	if [ -z "$mirror" ]; then
		mirror=$(sources | awk '$2 == "bookworm" && $3 == "main" { print $1; exit }')
		mirror=${mirror:-http://deb.debian.org/debian}
	fi
	# debootstrap asks the environment for a proxy, apt its own settings.
	if [ -z "${http_proxy-}" ]; then
		proxy=''
		eval "$(apt-config shell proxy Acquire::http::Proxy)"
		[ -z "$proxy" ] || export http_proxy=$proxy
	fi

	machine=$(mktemp -d "$folder/debian-12.XXXXXX")
	chmod 755 "$machine" # another user than root goes there
	trap 'unboot; rm -rf --one-file-system "$machine" "$machine.console"' EXIT
	trap 'exit 1' INT TERM HUP
	debootstrap --variant=minbase bookworm "$machine" "$mirror" || fail 69 "cannot make a root: debootstrap failed"

	{
		echo "deb $mirror bookworm main"
		sources | sed 's/^/deb /'
	} | sort -u >"$machine/etc/apt/sources.list"
	apt-config dump | grep -E '^Acquire::[a-z]*::(Proxy|CA[A-Z])' >"$machine/etc/apt/apt.conf.d/99machine" || :
	mkdir -p "$machine/usr/local/share/ca-certificates"
	cp -r /usr/local/share/ca-certificates/. "$machine/usr/local/share/ca-certificates/" 2>/dev/null || :
	cp /etc/resolv.conf /etc/hosts "$machine/etc/"
	for file in "$HOME/.npmrc" "$(npm config get globalconfig 2>/dev/null || :)"; do
		[ ! -f "$file" ] || grep -vE '^(cafile|nodedir|prefix|cache)=' "$file" >>"$machine/root/.npmrc" || :
	done

	# Settings of this machine that npm and apt read from the environment; paths in it mean nothing in there.
	settings=()
	while IFS= read -r name; do settings+=("$name=${!name}"); done < <(compgen -e | grep -iE '^(npm_config_registry|(https?|no|all)_proxy)$' || :)

	# Node trusts the authorities that it was built with, and these.
	[ -z "$(ls "$machine/usr/local/share/ca-certificates")" ] || settings+=(NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt)
}

# shellcheck disable=SC2016 # the inner shell's
# In a mount and process space of its own: what is mounted or still runs in there goes with it.
inside() { # COMMAND
	unshare --mount --pid --fork --kill-child sh -c '
		mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && mount --make-rslave "$1/dev" || exit 71
		root=$1 && shift
		exec chroot "$root" "$@"' sh "$machine" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		${settings[@]+"${settings[@]}"} bash -c "$1"
}

# systemd, which must be installed there, as the first process, in spaces of its own but for the network. Sets `first` to its number.
boot() {
	groups=/sys/fs/cgroup
	if [ ! -e $groups/cgroup.procs ]; then # version 1 is there, and 2 may be anywhere
		groups=$machine/cgroups
		mkdir "$groups"
		mount -t cgroup2 cgroup2 "$groups"
	fi
	mkdir "$groups/envtally.$$"
	# shellcheck disable=SC2016 # the inner shells'
	bash -c "$(declare -f enter_machine)"'
		echo $$ >"$1/cgroup.procs"
		export -f enter_machine
		exec unshare --mount --pid --fork --kill-child --cgroup --uts --ipc bash -c "enter_machine \"\$1\"" bash "$2"' bash "$groups/envtally.$$" "$machine" \
		</dev/null >"$machine.console" 2>&1 &
	unshared=$!
	until first=$(cat "/proc/$unshared/task/$unshared/children" 2>/dev/null) && first=${first%% *} && [ "$(readlink "/proc/${first:-0}/exe")" = /usr/lib/systemd/systemd ]; do
		kill -0 $unshared 2>/dev/null || fail 70 "cannot start systemd in the root: $(tail -n 3 "$machine.console")"
		sleep 0.2
	done
	# shellcheck disable=SC2016
	booted 'until systemctl is-system-running 2>/dev/null | grep -qxE "running|degraded"; do sleep 0.5; done'
}

enter_machine() { # FOLDER: it becomes the root, with only what a container has, and systemd takes this process's place
	local name
	mount --make-rprivate / && mount --bind "$1" "$1" && cd "$1" || exit 71
	mount -t proc proc proc && mount -t sysfs -o ro sysfs sys && mount -t cgroup2 cgroup2 sys/fs/cgroup && mount -t tmpfs -o mode=755 tmpfs dev || exit 71
	for name in null zero full random urandom tty; do
		: >"dev/$name"
		mount --bind "/dev/$name" "dev/$name"
	done
	ln -s /proc/self/fd dev/fd
	ln -s pts/ptmx dev/ptmx
	mkdir -p dev/pts dev/shm before
	mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts || exit 71
	mount -t tmpfs -o mode=755 tmpfs run && pivot_root . before || exit 71
	exec chroot . sh -c 'umount -l /before; rmdir /before; mount --make-rshared / # what mounts credentials is another process than what uses them
		exec env -i container=docker PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --log-target=console --show-status=0 --unit=basic.target'
}

booted() { # COMMAND
	nsenter --target "$first" --mount --pid --cgroup --uts --ipc --root --wd env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		bash -c "$1"
}

unboot() {
	[ -n "${unshared-}" ] || return 0
	[ -z "${first-}" ] || kill -KILL "$first" 2>/dev/null || : # all that runs in there ends with it
	kill -KILL "$unshared" 2>/dev/null || :
	wait "$unshared" 2>/dev/null || :
	find "$groups/envtally.$$" -depth -type d -exec rmdir {} + 2>/dev/null || :
	[ "$groups" = /sys/fs/cgroup ] || { umount "$groups" && rmdir "$groups"; }
	unshared=''
}
