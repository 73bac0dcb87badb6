#define _GNU_SOURCE
#include "NanomsgFloor.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { words_limit = 16 };

// Asked for now and then: the kernel's own signal would come when the thread that started the
// child ends, which says nothing of the process.
static void *watch_parent(void *unused) {
  (void)unused;
  pid_t parent = getppid();
  while (getppid() == parent) sleep(1);
  _exit(0);
}

void benchmark_follow_parent(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, watch_parent, NULL) == 0) pthread_detach(thread);
}

int benchmark_spawn(
    const char *program, const char *const *words, char *line, size_t line_bytes) {
  char path[4096];
  if (program == NULL) {
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length <= 0) return -1;
    path[length] = 0;
    program = path;
  }
  const char *arguments[words_limit + 2] = {program};
  for (int index = 0; index < words_limit && words[index] != NULL; index++) {
    arguments[index + 1] = words[index];
  }
  int ends[2];
  if (pipe(ends) != 0) return -1;
  pid_t process = fork();
  if (process == 0) {
    // Only calls that are safe between fork and exec: the parent has threads.
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    execv(program, (char *const *)arguments);
    _exit(127);
  }
  close(ends[1]);
  FILE *output = process > 0 ? fdopen(ends[0], "r") : NULL;
  if (output == NULL) return -1;
  char *read = fgets(line, (int)line_bytes, output);
  fclose(output);
  if (read == NULL) {
    benchmark_end(process);
    return -1;
  }
  line[strcspn(line, "\n")] = 0;
  return process;
}

void benchmark_end(int process) {
  kill(process, SIGKILL);
  waitpid(process, NULL, 0);
}
