#!/usr/bin/env bats
# What make install installs, and the package's parts: any prefix, uninstall, units, completion, builds that do not depend on their folder.

load helper

install_to() { # FOLDER-WITHOUT-DESTDIR
	make -s -C "$root" "${2:-install}" prefix="$1" >/dev/null
}

@test "install below a folder with blanks: it runs from there; uninstall leaves the configuration alone" {
	prefix="$PWD/my app/place"
	install_to "$prefix"
	same "envtally $(merge --version | sed 's/.* //')" "$(env -u ENVTALLY_BIN "$prefix/bin/envtally" --version)"
	acme_workspace ws
	env -u ENVTALLY_BIN "$prefix/bin/envtally" run -q -C ws --replay "$acme/nights/20250318T020000Z"
	[ -e ws/runs/acme/20250318T020000Z/report.html ]
	env -u ENVTALLY_BIN "$prefix/bin/envtally" demo -C shown 2>/dev/null | grep -q '^acme, as of 2025-04-01 02:00:00 UTC'
	for page in "$root"/doc/man/*; do [ -e "$prefix/share/man/man${page##*.}/${page##*/}" ]; done
	for document in README.md LICENSE SECURITY.md CHANGELOG.md running.md grafana-dashboard.json prometheus-rules.yml; do [ -e "$prefix/share/doc/envtally/$document" ]; done
	install_to "$prefix" uninstall
	same "$prefix/etc/envtally/envtally.conf" "$(find "$prefix" ! -type d)"
}

@test "a run needs nothing of the environment, and keeps to a strict umask" {
	(
		umask 077
		acme_workspace ws
		env -i PATH=/usr/bin:/bin ${ENVTALLY_BIN:+ENVTALLY_BIN="$ENVTALLY_BIN"} "$root/pipeline.sh" run -q -C ws --replay "$acme/nights/20250318T020000Z"
		for format in ndjson sqlite; do "$root/pipeline.sh" export -q -C ws --format $format --to out.$format; done
		"$root/pipeline.sh" evidence -q 20250318T020000Z -C ws --to out.tar
	)
	same '' "$(find ws out.* -perm /077)"
}

@test "units: right, and in a sandbox of a score of 2.0 at most" {
	command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
	install_to "$PWD/to"
	unit=to/lib/systemd/system/envtally@.service
	run ! grep -n '@[a-z]*dir@' "$unit" "${unit%service}timer"
	score=$(systemd-analyze security --offline=true "$unit" | sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p')
	awk -v score="$score" 'BEGIN { exit !(score != "" && score <= 2.0) }'
	mkdir units
	cp "$unit" units/envtally@acme.service
	cp "${unit%service}timer" units/envtally@acme.timer
	run systemd-analyze verify --man=no units/envtally@acme.service units/envtally@acme.timer
	run ! grep -E 'envtally@acme\.(service|timer):[0-9]+:|Unknown|not executable' <<<"$output"
}

@test "completion: commands, options of a command, its formats, profiles and runs" {
	install_to "$PWD/to"
	acme_after 1 ws
	complete_line() { # WORD...: the last is completed
		bash --norc -c '. to/share/bash-completion/completions/envtally; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _envtally; printf "%s\n" "${COMPREPLY[@]}"' - "$@"
	}
	same 'rebuild reconcile replay report' "$(complete_line envtally re | sort | xargs -n 1 | awk '/^(rebuild|reconcile|replay|report)$/' | xargs)"
	complete_line envtally sta | grep -qx status
	same --positions "$(complete_line envtally status --pos)"
	same 'json prometheus text' "$(complete_line envtally status --format '' | sort | xargs)"
	same acme "$(complete_line envtally run -C ws -p '')"
	same 20250318T020000Z "$(complete_line envtally verify -C ws 2)"
}

@test "two builds in two folders give the same bytes" {
	for folder in one 'other/deeper'; do
		mkdir -p "$folder/lib" "$folder/stages"
		cp -r "$root/Makefile" "$folder/"
		cp -r "$root/lib" "$folder/"
		cp "$root/stages/split-streams.c" "$folder/stages/"
		SANITIZE='' CCACHE_DISABLE=1 make -s -C "$folder" build/release/stages/split-streams.o >/dev/null
	done
	cmp one/build/release/stages/split-streams.o other/deeper/build/release/stages/split-streams.o
	run ! grep -qF "$PWD" one/build/release/stages/split-streams.o
}

@test "make deb's list of what the package needs: all of it, with versions, and who needs whom" {
	bom() { awk -v name=p -v version=1 -v sha256=s -v time=t -v needs="$1" -f "$root/package/cyclonedx.awk" | jq -c "$2"; }
	# Alternatives, names that others provide, architectures, circles, and what is not installed.
	printf '%s\n' $'a\t1:2-3\tamd64\tsource\t\t, b (>= 1), c | d:any' $'b\t2\tall\tb\tvirtual (= 1), other\ta, e [amd64], ' $'d\t3\tamd64\td\t\tvirtual' \
		$'unrelated\t1\tall\tunrelated\t\t, a' >installed
	same '["a","b","d","e"]' "$(bom 'a, missing | a' '[.components[].name]' <installed)"
	same '[["p",["a"]],["a",["b","d"]],["b",["a","e"]],["d",["b"]],["e",[]]]' "$(bom 'a, missing | a' '[.dependencies[] | [.ref, .dependsOn]]' <installed)"
	same '["pkg:deb/debian/a@1:2-3?arch=amd64","pkg:deb/debian/b@2?arch=all","pkg:deb/debian/d@3?arch=amd64",null]' "$(bom 'a' '[.components[].purl]' <installed)"
	command -v apt-cache >/dev/null || skip "no apt"
	dpkg-query -W -f '${Package}\t${Version}\t${Architecture}\t${source:Package}\t${Provides}\t${Pre-Depends}, ${Depends}\n' >installed
	same "$(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances --installed curl | grep '^[a-z]' | sort -u)" \
		"$(bom curl '.components[].name' <installed | jq -r . | sort)"
}
