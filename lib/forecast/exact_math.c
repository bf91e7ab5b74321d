#include "forecast/exact_math.h"

#include <float.h>
#include <math.h>

_Static_assert(FLT_EVAL_METHOD == 0, "doubles are computed as doubles");

#define LN2 0.69314718055994530942
#define TURN 6.28318530717958647693

/* e^x = 2^n e^r, |r| ≤ ln 2 / 2; of e^r its series. */
double exact_exp(double x)
{
	if (x < -700)
		return 0;
	double n = floor(x / LN2 + 0.5), r = x - n * LN2, sum = 1;
	for (int k = 16; k > 0; k--)
		sum = 1 + sum * r / k;
	return ldexp(sum, (int)n);
}

/* x = 2^n m, m around 1; ln m = 2 (s + s³/3 + s⁵/5 …), s = (m − 1) / (m + 1). */
double exact_log(double x)
{
	int exponent;
	double m = frexp(x, &exponent), sum = 0;
	if (m < 0.70710678118654752440) {
		m *= 2;
		exponent--;
	}
	double s = (m - 1) / (m + 1), square = s * s;
	for (int k = 21; k > 0; k -= 2)
		sum = sum * square + 1.0 / k;
	return 2 * s * sum + exponent * LN2;
}

double exact_cube_root(double x)
{
	return x > 0 ? exact_exp(exact_log(x) / 3) : 0;
}

/* The series, of an eighth of the angle, which is then doubled three times. */
void exact_turn(double part, double *sine, double *cosine)
{
	double angle = (part - 0.5) * TURN / 8, square = angle * angle, s = 1, c = 1;
	for (int k = 14; k > 0; k -= 2) {
		s = 1 - s * square / (k * (k + 1));
		c = 1 - c * square / (k * (k - 1));
	}
	s *= angle;
	for (int i = 0; i < 3; i++) {
		double doubled = 2 * s * c;
		c = c * c - s * s;
		s = doubled;
	}
	*sine = -s; /* half a turn was taken off */
	*cosine = -c;
}
