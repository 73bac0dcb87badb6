import CommandLineTool
import Glibc

exit(await CommandLineMain.run())
