#ifndef OFFHOOK_CSRTP_SHIM_H
#define OFFHOOK_CSRTP_SHIM_H

#include <srtp2/srtp.h>

#endif
