/* How far a window of a pass may reach; a build can set it otherwise, as in CFLAGS=-DWINDOW_FOR_ALL=1. */

#ifndef AUTOGRAD_WINDOW_H
#define AUTOGRAD_WINDOW_H

#ifndef WINDOW_FOR_ALL
#define WINDOW_FOR_ALL (1 << 20) /* so many places */
#endif

#ifndef WINDOW_FOR_EACH
#define WINDOW_FOR_EACH 8 /* and so many more for each node that was met */
#endif

#endif
