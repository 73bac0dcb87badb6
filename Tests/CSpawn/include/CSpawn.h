/// What starting a program needs of glibc's extensions, which Swift's Glibc module does not show.
#ifndef CSPAWN_H
#define CSPAWN_H

#include <spawn.h>

/// The child's working directory; it counts for what is added later.
int cspawn_add_chdir(posix_spawn_file_actions_t *actions, const char *folder);

/// The child gets none of this process's files from this one on.
int cspawn_add_closefrom(posix_spawn_file_actions_t *actions, int first);

/// A pipe that is closed in whatever another thread starts at this moment.
int cspawn_pipe(int files[2]);

#endif
