/* The least that a jump can cost: training steps on one row, each with its state and loss recorded.

   gcc -O3 -DSIZES=2,2,1 -DLAYERS=2 [-DRELU] [-DADAM] loop.c -lm; argument: how many steps. Prints seconds per step and
   the last loss. Hidden layers are sigmoid or relu, the last is linear, the loss is half the squared error. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MOST = 64, REPEATS = 5 };
#define UNROLLED _Pragma("GCC unroll 8")
static const int sizes[] = {SIZES};

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec + 1e-9 * at.tv_nsec;
}

/* One step on the parameters p, layer by layer w (units, inputs) then b (units); the loss before its update. */
static inline float step(const float *restrict p, float *restrict g, float y) {
    float h[LAYERS + 1][MOST], error[LAYERS + 1][MOST];
    h[0][0] = -0.4f;
    h[0][1] = -0.98f;
    const float *w = p;
    UNROLLED for (int l = 0; l < LAYERS; l++) {
        const int in = sizes[l], out = sizes[l + 1];
        UNROLLED for (int i = 0; i < out; i++) {
            float z = w[in * out + i];
            UNROLLED for (int j = 0; j < in; j++) z += w[i * in + j] * h[l][j];
#ifdef RELU
            h[l + 1][i] = l + 1 < LAYERS ? (z > 0 ? z : 0) : z;
#else
            h[l + 1][i] = l + 1 < LAYERS ? 1 / (1 + expf(-z)) : z;
#endif
        }
        w += (in + 1) * out;
    }
    const float e = h[LAYERS][0] - y;
    error[LAYERS][0] = e;
    g += w - p;
    UNROLLED for (int l = LAYERS - 1; l >= 0; l--) {
        const int in = sizes[l], out = sizes[l + 1];
        w -= (in + 1) * out;
        g -= (in + 1) * out;
        UNROLLED for (int j = 0; j < in; j++) error[l][j] = 0;
        UNROLLED for (int i = 0; i < out; i++) {
            UNROLLED for (int j = 0; j < in; j++) {
                error[l][j] += w[i * in + j] * error[l + 1][i];
                g[i * in + j] = error[l + 1][i] * h[l][j];
            }
            g[in * out + i] = error[l + 1][i];
        }
#ifdef RELU
        UNROLLED for (int j = 0; j < in; j++) error[l][j] *= h[l][j] > 0;
#else
        UNROLLED for (int j = 0; j < in; j++) error[l][j] *= h[l][j] * (1 - h[l][j]);
#endif
    }
    return 0.5f * e * e;
}

int main(int count, char **arguments) {
    const long steps = atol(arguments[count - 1]);
    int width = 0;
    UNROLLED for (int l = 0; l < LAYERS; l++) width += (sizes[l] + 1) * sizes[l + 1];
#ifdef ADAM
    const int row = 3 * width + 2; /* both moments, the number of steps, and the loss */
#else
    const int row = width + 1;
#endif
    float *record = malloc(sizeof(float) * row * (steps + 1)), *g = calloc(width, sizeof(float));
    for (int k = 0; k < row; k++) record[k] = k < width ? 0.5f * rand() / (float)RAND_MAX : 0;
    for (long k = row; k < row * (steps + 1); k++) record[k] = 0; /* the memory is there before the time is taken */
    double best = 1e9;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        const double start = now();
        for (long n = 0; n < steps; n++) {
            const float *p = record + n * row;
            float *restrict after = record + (n + 1) * row;
            const float loss = step(p, g, 12.3f);
#ifdef ADAM
            const float *m = p + width, *v = m + width;
            const float t = p[3 * width] + 1, rate = 0.01f * sqrtf(1 - powf(0.999f, t)) / (1 - powf(0.9f, t));
            for (int k = 0; k < width; k++) {
                after[width + k] = m[k] + 0.1f * (g[k] - m[k]);
                after[2 * width + k] = v[k] + 0.001f * (g[k] * g[k] - v[k]);
                after[k] = p[k] - rate * after[width + k] / (sqrtf(after[2 * width + k]) + 1e-7f);
            }
            after[3 * width] = t;
#else
            for (int k = 0; k < width; k++) after[k] = p[k] - 0.01f * g[k];
#endif
            after[row - 1] = loss;
        }
        const double taken = (now() - start) / steps;
        best = taken < best ? taken : best;
    }
    printf("%.12g %.9g\n", best, record[steps * row + row - 1]);
    return 0;
}
