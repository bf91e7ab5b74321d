# shellcheck shell=bash disable=SC2154 # `mirror` and `folder` are the script's that sources it
# debian-root.bash: a bare Debian 12 in a folder, for scripts that try envtally in one. Sourced; the script has `fail STATUS MESSAGE` and sets
# `mirror` (a URL; empty: this machine's) and `folder` (where the root is made).
#
# make_root makes it with debootstrap; `inside COMMAND` runs a command in it, as root. The root and its mounts are gone at the end, however the
# script ends; only a `kill -9` leaves the folder. Needs root, debootstrap and a network with packages.
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
	trap 'rm -rf --one-file-system "$machine"' EXIT
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
