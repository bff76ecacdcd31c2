#ifndef OFFHOOK_CLINUX_H
#define OFFHOOK_CLINUX_H

#endif
