#include "forecast/exact_math.h"

#include <float.h>
#include <math.h>

_Static_assert(FLT_EVAL_METHOD == 0, "doubles are computed as doubles");

#define LN2 0.69314718055994530942
#define TURN 6.28318530717958647693

/* e^x = 2^n e^r, |r| ≤ ln 2 / 2; of e^r its series, the even powers apart from the odd ones, so that neither waits for the other. */
double exact_exp(double x)
{
	static const double series[] = {1, 1, 1 / 2.0, 1 / 6.0, 1 / 24.0, 1 / 120.0, 1 / 720.0, 1 / 5040.0, 1 / 40320.0, 1 / 362880.0,
		1 / 3628800.0, 1 / 39916800.0, 1 / 479001600.0, 1 / 6227020800.0};
	if (x < -700)
		return 0;
	double n = floor(x / LN2 + 0.5), r = x - n * LN2, square = r * r, even = 0, odd = 0;
	for (int k = sizeof series / sizeof *series - 2; k >= 0; k -= 2) {
		even = even * square + series[k];
		odd = odd * square + series[k + 1];
	}
	return ldexp(even + r * odd, (int)n);
}

/* x = 2^n m, m around 1; ln m = 2 (s + s³/3 + s⁵/5 …), s = (m − 1) / (m + 1). */
double exact_log(double x)
{
	static const double series[] = {1, 1 / 3.0, 1 / 5.0, 1 / 7.0, 1 / 9.0, 1 / 11.0, 1 / 13.0, 1 / 15.0, 1 / 17.0, 1 / 19.0, 1 / 21.0};
	int exponent;
	double m = frexp(x, &exponent), sum = 0;
	if (m < 0.70710678118654752440) {
		m *= 2;
		exponent--;
	}
	double s = (m - 1) / (m + 1), square = s * s;
	for (int k = sizeof series / sizeof *series - 1; k >= 0; k--)
		sum = sum * square + series[k];
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
