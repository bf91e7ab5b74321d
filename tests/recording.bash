# Makes recordings by doc/recording.md with shell tools alone, so that nothing of envtally checks itself.
#
#   recording_begin DIR PROGRAM NOW; recording_answer URL STATUS BODY [HEADERS] [FINAL]; … recording_end
#   rechain INDEX: gives the lines of an index that was edited their right chains

recording_line() { # LINE, without its closing brace
	read -r recording_chain _ < <(printf '%s\n%s' "$recording_chain" "$1" | sha256sum)
	printf '%s,"chain":"%s"}\n' "$1" "$recording_chain" >>"$recording_index"
}

recording_begin() {
	mkdir -p "$1"
	recording_index=$1/$2.exchanges recording_bodies=$1/$2.bodies recording_chain='' recording_count=0 recording_offset=0
	: >"$recording_index"
	: >"$recording_bodies"
	recording_line "{\"recording\":1,\"program\":\"$2\",\"now\":\"$3\""
}

recording_answer() {
	local headers=${4:-'{"content-type":"application/json"}'} length hash LC_ALL=C
	length=${#3}
	read -r hash _ < <(printf '%s' "$3" | sha256sum)
	recording_count=$((recording_count + 1))
	recording_line "{\"exchange\":$recording_count,\"requested_at\":\"2025-03-18T02:00:00.120Z\",\"answered_at\":\"2025-03-18T02:00:00.310Z\",\"method\":\"GET\",\"url\":\"$1\",\"request_headers\":{\"accept\":\"application/json\",\"authorization\":\"redacted\"},\"status\":$2,\"headers\":$headers,\"final\":${5:-true},\"body_offset\":$recording_offset,\"body_length\":$length,\"decoded_length\":$length,\"body_sha256\":\"$hash\""
	printf '%s' "$3" >>"$recording_bodies"
	recording_offset=$((recording_offset + length))
}

recording_end() {
	recording_line "{\"end\":true,\"exchanges\":$recording_count"
}

rechain() {
	local lines=$1.lines line
	sed 's/,"chain":"[0-9a-f]*"}$//' "$1" >"$lines"
	recording_index=$1 recording_chain=''
	: >"$1"
	while IFS= read -r line; do recording_line "$line"; done <"$lines"
	rm "$lines"
}
