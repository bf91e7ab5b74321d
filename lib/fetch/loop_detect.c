#include "fetch/loop_detect.h"

/* FNV-1a, 64 bits. */
static uint64_t hash(const char *text, size_t length)
{
	uint64_t value = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < length; i++)
		value = (value ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	return value;
}

bool loop_detected(struct loop_detector *cycle, const char *text, size_t length)
{
	uint64_t value = hash(text, length);
	if (cycle->power > 0 && value == cycle->remembered)
		return true;
	if (cycle->steps == cycle->power) {
		cycle->remembered = value;
		cycle->power = cycle->power ? cycle->power * 2 : 1;
		cycle->steps = 0;
	}
	cycle->steps++;
	return false;
}
