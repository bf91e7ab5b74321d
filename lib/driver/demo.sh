# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # its variables are pipeline.sh's, which sources it
# demo.sh: the recorded organisation, three nights.

demo_command() {
	no_operands demo
	local night
	[ "$workspace" != . ] || workspace=envtally-demo
	[ -d "$recorded" ] || fail 66 "cannot demonstrate: '$recorded' is missing, it comes with the source and with make install"
	if [ -e "$workspace" ]; then
		[ -e "$workspace/.demo" ] || fail 73 "cannot demonstrate in '$workspace': it exists and is not a demo's"
		rm -rf "$workspace"
	fi
	if [ -e "$here/Makefile" ]; then
		"$here/bin/bootstrap"
		make -s -C "$here" -j "$(nproc)" >&2
	fi
	mkdir -p "$workspace/profiles" "$workspace/licence"
	: >"$workspace/.demo"
	cp "$recorded/profiles/acme.json" "$workspace/profiles/"
	cp "$recorded"/licence/*.csv "$workspace/licence/"
	for night in "$recorded"/nights/*/; do
		replay=${night%/} now=''
		say "night $(basename "$night")"
		run_profile "$workspace/profiles/acme.json"
	done
	write_index
	profiles=("$workspace/profiles/acme.json")
	report_command
}
