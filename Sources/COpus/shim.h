#ifndef OFFHOOK_COPUS_SHIM_H
#define OFFHOOK_COPUS_SHIM_H

#include <opus.h>

#endif
