#include "fetch/loop_detect.h"

uint64_t loop_hash(const char *text, size_t length)
{
	uint64_t value = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < length; i++)
		value = (value ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	return value;
}

bool loop_detected(struct loop_detector *loop, const char *text, size_t length)
{
	uint64_t value = loop_hash(text, length);
	if (loop->power > 0 && value == loop->remembered)
		return true;
	if (loop->steps == loop->power) {
		loop->remembered = value;
		loop->power = loop->power ? loop->power * 2 : 1;
		loop->steps = 0;
	}
	loop->steps++;
	return false;
}
