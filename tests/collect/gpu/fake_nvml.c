/* A small libnvidia-ml.so.1 of our own: two GPUs whose answers the test sets through fake_*.
   It is compiled against the real nvml.h, so that every signature is checked. */
#include <nvml.h>
#include <stdio.h>
#include <string.h>

#undef nvmlInit
#undef nvmlDeviceGetCount
#undef nvmlDeviceGetHandleByIndex
#undef nvmlDeviceGetPciInfo

struct nvmlDevice_st {
    unsigned index;
    int mig_of; /* -1 for a whole GPU */
};

static struct nvmlDevice_st gpus[2] = {{0, -1}, {1, -1}};
static struct nvmlDevice_st parts[2] = {{0, 1}, {1, 1}};
static int lost[2], mig[2], no_driver, mismatch, present = 2, refuse_v2, bare;
static unsigned long long xid;
static int xid_gpu, events;

void fake_reset(void) {
    lost[0] = lost[1] = mig[0] = mig[1] = 0;
    no_driver = mismatch = refuse_v2 = bare = events = 0;
    present = 2;
}
void fake_lose(int gpu, int is) { lost[gpu] = is; }
void fake_mig(int gpu, int is) { mig[gpu] = is; }
void fake_no_driver(int is) { no_driver = is; }
void fake_mismatch(int is) { mismatch = is; }
void fake_refuse_v2(int is) { refuse_v2 = is; }
void fake_bare(int is) { bare = is; } /* a GPU that supports hardly anything */
void fake_xid(int gpu, int code) { xid_gpu = gpu; xid = code; events = 1; }

static nvmlReturn_t alive(nvmlDevice_t d) {
    return d->mig_of < 0 && lost[d->index] ? NVML_ERROR_GPU_IS_LOST : NVML_SUCCESS;
}
#define ALIVE(d) do { nvmlReturn_t r = alive(d); if (r != NVML_SUCCESS) return r; } while (0)
#define FULL(d) do { ALIVE(d); if (bare) return NVML_ERROR_NOT_SUPPORTED; } while (0)

nvmlReturn_t nvmlInit_v2(void) {
    if (mismatch) return NVML_ERROR_LIB_RM_VERSION_MISMATCH;
    return no_driver ? NVML_ERROR_DRIVER_NOT_LOADED : NVML_SUCCESS;
}
nvmlReturn_t nvmlInitWithFlags(unsigned flags) { (void)flags; return nvmlInit_v2(); }
nvmlReturn_t nvmlShutdown(void) { return NVML_SUCCESS; }
const char *nvmlErrorString(nvmlReturn_t r) {
    return r == NVML_ERROR_NOT_SUPPORTED ? "Not Supported" : "fake error";
}
nvmlReturn_t nvmlDeviceGetCount_v2(unsigned *n) { *n = present; return NVML_SUCCESS; }
nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned i, nvmlDevice_t *d) {
    if (i > 1) return NVML_ERROR_INVALID_ARGUMENT;
    if (lost[i]) return NVML_ERROR_GPU_IS_LOST;
    *d = &gpus[i];
    return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t d, char *s, unsigned n) {
    snprintf(s, n, "GPU-fake-%u", d->index);
    return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t d, char *s, unsigned n) {
    snprintf(s, n, d->mig_of < 0 ? "NVIDIA RTX 4000 Ada Generation" : "NVIDIA A100 MIG 1g.5gb");
    return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetPciInfo_v3(nvmlDevice_t d, nvmlPciInfo_t *p) {
    memset(p, 0, sizeof *p);
    snprintf(p->busId, sizeof p->busId, "00000000:0%u:00.0", d->index + 1);
    return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetMinorNumber(nvmlDevice_t d, unsigned *n) { *n = d->index; return NVML_SUCCESS; }

nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t d, nvmlMemory_t *m) {
    ALIVE(d);
    m->total = 20ULL << 30;
    m->used = 6ULL << 30;
    m->free = m->total - m->used;
    return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetMemoryInfo_v2(nvmlDevice_t d, nvmlMemory_v2_t *m) {
    ALIVE(d);
    if (refuse_v2) return NVML_ERROR_FUNCTION_NOT_FOUND;
    m->total = d->mig_of < 0 ? 20ULL << 30 : 5ULL << 30;
    m->reserved = 512ULL << 20;
    m->used = d->mig_of < 0 ? 5ULL << 30 : 1ULL << 30;
    m->free = m->total - m->used - m->reserved;
    return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t d, nvmlUtilization_t *u) {
    ALIVE(d);
    u->gpu = 80 + d->index;
    u->memory = 40;
    return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t d, nvmlTemperatureSensors_t s, unsigned *t) {
    (void)s;
    ALIVE(d);
    *t = 71;
    return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetTemperatureThreshold(nvmlDevice_t d, nvmlTemperatureThresholds_t w, unsigned *t) {
    FULL(d);
    *t = w == NVML_TEMPERATURE_THRESHOLD_SHUTDOWN ? 99 : 94;
    return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t d, unsigned *p) { FULL(d); *p = 98123; return NVML_SUCCESS; }
nvmlReturn_t nvmlDeviceGetEnforcedPowerLimit(nvmlDevice_t d, unsigned *p) { FULL(d); *p = 130000; return NVML_SUCCESS; }
nvmlReturn_t nvmlDeviceGetTotalEnergyConsumption(nvmlDevice_t d, unsigned long long *e) {
    FULL(d);
    *e = 123456789012ULL;
    return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetFanSpeed(nvmlDevice_t d, unsigned *p) { (void)d; (void)p; return NVML_ERROR_NOT_SUPPORTED; }
nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t d, nvmlClockType_t c, unsigned *mhz) {
    FULL(d);
    *mhz = c == NVML_CLOCK_SM ? 2175 : 9001;
    return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetCurrentClocksEventReasons(nvmlDevice_t d, unsigned long long *r) {
    FULL(d);
    *r = nvmlClocksEventReasonSwPowerCap;
    return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetViolationStatus(nvmlDevice_t d, nvmlPerfPolicyType_t p, nvmlViolationTime_t *v) {
    FULL(d);
    v->referenceTime = 1;
    v->violationTime = p == NVML_PERF_POLICY_THERMAL ? 2000000000ULL : 0;
    return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetRemappedRows(nvmlDevice_t d, unsigned *c, unsigned *u, unsigned *p, unsigned *f) {
    FULL(d);
    *c = 3; *u = 1; *p = 0; *f = 1;
    return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetFieldValues(nvmlDevice_t d, int n, nvmlFieldValue_t *v) {
    FULL(d);
    for (int i = 0; i < n; i++) {
        v[i].nvmlReturn = NVML_SUCCESS;
        if (v[i].fieldId == NVML_FI_DEV_MEMORY_TEMP) {
            v[i].valueType = NVML_VALUE_TYPE_UNSIGNED_INT;
            v[i].value.uiVal = 64;
        } else if (v[i].fieldId == NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_TX && v[i].scopeId == 0xFFFFFFFF) {
            v[i].valueType = NVML_VALUE_TYPE_UNSIGNED_LONG_LONG;
            v[i].value.ullVal = 10;
        } else {
            v[i].nvmlReturn = NVML_ERROR_NOT_SUPPORTED;
        }
    }
    return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v3(nvmlDevice_t d, unsigned *n, nvmlProcessInfo_t *p) {
    ALIVE(d);
    if (*n < 3) { *n = 3; return NVML_ERROR_INSUFFICIENT_SIZE; }
    memset(p, 0, 3 * sizeof *p);
    p[0].pid = 101; p[0].usedGpuMemory = 3ULL << 30;
    p[1].pid = 102; p[1].usedGpuMemory = 2ULL << 30;
    p[2].pid = 103; p[2].usedGpuMemory = NVML_VALUE_NOT_AVAILABLE;
    *n = 3;
    return NVML_SUCCESS;
}
/* nvmlDeviceGetGraphicsRunningProcesses_v3 is left out on purpose: NVMLLibraryMismatchError or
   FunctionNotFound must cost only itself. */

nvmlReturn_t nvmlDeviceGetMigMode(nvmlDevice_t d, unsigned *now, unsigned *pending) {
    FULL(d);
    *now = *pending = mig[d->index];
    return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetMaxMigDeviceCount(nvmlDevice_t d, unsigned *n) { (void)d; *n = 7; return NVML_SUCCESS; }
nvmlReturn_t nvmlDeviceGetMigDeviceHandleByIndex(nvmlDevice_t d, unsigned i, nvmlDevice_t *part) {
    (void)d;
    if (i > 1) return NVML_ERROR_NOT_FOUND;
    *part = &parts[i];
    return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetGpuInstanceId(nvmlDevice_t d, unsigned *id) { *id = 7 + d->index; return NVML_SUCCESS; }

nvmlReturn_t nvmlEventSetCreate(nvmlEventSet_t *set) { *set = (nvmlEventSet_t)&events; return NVML_SUCCESS; }
nvmlReturn_t nvmlDeviceRegisterEvents(nvmlDevice_t d, unsigned long long kinds, nvmlEventSet_t set) {
    (void)d; (void)kinds; (void)set;
    return NVML_SUCCESS;
}
nvmlReturn_t nvmlEventSetWait_v2(nvmlEventSet_t set, nvmlEventData_t *data, unsigned ms) {
    (void)set; (void)ms;
    if (!events) return NVML_ERROR_TIMEOUT;
    events = 0;
    data->device = &gpus[xid_gpu];
    data->eventType = nvmlEventTypeXidCriticalError;
    data->eventData = xid;
    return NVML_SUCCESS;
}
