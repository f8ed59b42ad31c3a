//! Which calls act, by language.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// The first text is a shell command; several texts are its words.
    Spawn,
    Delete,
    DeleteTree,
    /// The first text is a path that is written.
    Write,
    /// Reads or writes by its mode.
    Open,
    /// Moves the first path to the second.
    Move,
    Send,
    /// Fetches, unless it has a body or another method.
    Request,
    Connect,
    Listen,
    Eval,
    Kill,
    Permission,
    Native,
    Fork,
    /// Installs a package; from elsewhere when an address is given.
    Install,
    /// Installs from a repository of someone's, whatever is given.
    InstallForeign,
    /// The first text is SQL.
    Sql,
}

/// Calls by language: `*` for all; a name with a leading dot matches behind any receiver.
const CALLS: &[(&str, &str, Act)] = &[
    (
        "python",
        "os.system os.popen subprocess.run subprocess.call subprocess.Popen subprocess.check_call subprocess.check_output subprocess.getoutput subprocess.getstatusoutput os.execv os.execvp os.execl os.execlp os.execve os.spawnl os.spawnv os.spawnlp os.spawnvp os.posix_spawn pty.spawn commands.getoutput asyncio.create_subprocess_shell asyncio.create_subprocess_exec pexpect.spawn pexpect.run sh.rm popen2.popen3 os.startfile",
        Act::Spawn,
    ),
    ("python", "os.remove os.unlink os.rmdir .unlink os.truncate .rmdir", Act::Delete),
    (
        "python",
        "shutil.rmtree .rmtree os.removedirs distutils.dir_util.remove_tree",
        Act::DeleteTree,
    ),
    (
        "python",
        ".write_text .write_bytes os.mkfifo os.symlink os.link shutil.copyfile_to",
        Act::Write,
    ),
    ("python", "open io.open codecs.open os.open .open", Act::Open),
    (
        "python",
        "os.rename os.replace shutil.move shutil.copy shutil.copyfile shutil.copytree shutil.copy2 .rename",
        Act::Move,
    ),
    (
        "python",
        "requests.post requests.put requests.patch requests.delete requests.request httpx.post httpx.put httpx.delete httpx.patch smtplib.SMTP smtplib.SMTP_SSL .sendmail .send_message ftplib.FTP paramiko.SSHClient telnetlib.Telnet .sendto",
        Act::Send,
    ),
    (
        "python",
        "urllib.request.urlopen urllib.request.Request urlopen urllib2.urlopen urllib2.Request httpx.stream",
        Act::Request,
    ),
    (
        "python",
        "socket.socket socket.create_connection .connect http.client.HTTPSConnection http.client.HTTPConnection",
        Act::Connect,
    ),
    (
        "python",
        "socketserver.TCPServer http.server.HTTPServer .bind .listen http.server.test .serve_forever",
        Act::Listen,
    ),
    (
        "python",
        "exec eval compile runpy.run_path runpy.run_module code.interact marshal.loads pickle.loads",
        Act::Eval,
    ),
    ("python", "os.kill os.killpg signal.pthread_kill .terminate", Act::Kill),
    ("python", "os.chmod os.chown os.setuid os.setgid os.lchown .chmod", Act::Permission),
    (
        "python",
        "ctypes.CDLL ctypes.cdll.LoadLibrary ctypes.PyDLL cffi.FFI ctypes.WinDLL",
        Act::Native,
    ),
    ("python", "os.fork", Act::Fork),
    ("python", ".execute .executescript .executemany .run_sql .raw_query", Act::Sql),
    ("node", ".query .execute .raw .$executeRaw .$executeRawUnsafe .$queryRawUnsafe", Act::Sql),
    ("ruby", ".execute .exec_query .exec_params .execute_batch", Act::Sql),
    ("php", "mysqli_query pg_query mysql_query .query .multi_query", Act::Sql),
    (
        "node",
        ".execSync .exec .execFile .execFileSync .spawn .spawnSync .fork execSync exec spawn spawnSync execFile execFileSync Deno.run Deno.Command Bun.spawn Bun.spawnSync",
        Act::Spawn,
    ),
    ("node", ".unlinkSync .unlink unlinkSync unlink .rmdirSync .truncateSync .rmdir", Act::Delete),
    (
        "node",
        ".rmSync .rm rmSync .removeSync .remove_tree .emptyDirSync rimraf .rimraf Deno.remove Deno.removeSync .emptyDir",
        Act::DeleteTree,
    ),
    (
        "node",
        ".writeFileSync .writeFile .appendFileSync .appendFile .createWriteStream writeFileSync Deno.writeTextFile Deno.writeTextFileSync Deno.writeFileSync Bun.write .outputFileSync .symlinkSync",
        Act::Write,
    ),
    ("node", ".renameSync .rename .copyFileSync .cpSync .moveSync", Act::Move),
    (
        "node",
        ".readFileSync .readFile readFileSync Deno.readTextFile Deno.readTextFileSync .createReadStream",
        Act::Open,
    ),
    (
        "node",
        "axios.post axios.put axios.patch axios.delete https.request http.request fetch .sendMail navigator.sendBeacon",
        Act::Send,
    ),
    (
        "node",
        "net.connect net.createConnection tls.connect dgram.createSocket net.Socket Deno.connect .createConnection WebSocket",
        Act::Connect,
    ),
    ("node", ".createServer .listen Deno.listen Deno.serve Bun.serve", Act::Listen),
    (
        "node",
        "eval Function vm.runInThisContext vm.runInNewContext .runInThisContext .runInNewContext",
        Act::Eval,
    ),
    ("node", "process.kill Deno.kill", Act::Kill),
    ("node", ".chmodSync .chownSync .chmod process.setuid", Act::Permission),
    ("node", "process.dlopen Deno.dlopen", Act::Native),
    ("perl", "system exec syscall shell IPC.Open3.open3 open2 open3 \u{1}", Act::Spawn),
    ("perl", "unlink rmdir truncate", Act::Delete),
    ("perl", "rmtree remove_tree File.Path.rmtree File.Path.remove_tree", Act::DeleteTree),
    ("perl", "open sysopen", Act::Open),
    ("perl", "rename move", Act::Move),
    ("perl", "socket connect IO.Socket.INET.new", Act::Connect),
    ("perl", "eval", Act::Eval),
    ("perl", "kill", Act::Kill),
    ("perl", "chmod chown", Act::Permission),
    ("perl", "fork", Act::Fork),
    (
        "ruby",
        "system exec spawn Kernel.system Kernel.exec Kernel.spawn IO.popen Open3.capture3 Open3.capture2 Open3.popen3 Process.spawn Process.run PTY.spawn sh \u{1}",
        Act::Spawn,
    ),
    (
        "ruby",
        "File.delete File.unlink FileUtils.rm FileUtils.rm_f Dir.rmdir Dir.delete .unlink File.truncate rm rm_f",
        Act::Delete,
    ),
    (
        "ruby",
        "FileUtils.rm_rf FileUtils.rm_r FileUtils.remove_dir FileUtils.rmtree FileUtils.remove_entry FileUtils.remove_entry_secure rm_rf rm_r",
        Act::DeleteTree,
    ),
    ("ruby", "File.write IO.write File.binwrite FileUtils.ln_s FileUtils.touch_all", Act::Write),
    ("ruby", "File.open open File.read IO.read File.readlines File.foreach File.new", Act::Open),
    ("ruby", "File.rename FileUtils.mv FileUtils.cp FileUtils.cp_r", Act::Move),
    (
        "ruby",
        "Net.HTTP.post Net.HTTP.post_form Net.SMTP.start Net.HTTP.put .send_message",
        Act::Send,
    ),
    ("ruby", "TCPSocket.new TCPSocket.open Socket.tcp UDPSocket.new TCPSocket", Act::Connect),
    ("ruby", "TCPServer.new TCPServer.open WEBrick.HTTPServer.new", Act::Listen),
    ("ruby", "eval instance_eval class_eval .instance_eval Kernel.eval", Act::Eval),
    ("ruby", "Process.kill", Act::Kill),
    ("ruby", "Dir.rmtree .rmtree Pathname.rmtree", Act::DeleteTree),
    (
        "ruby",
        "File.chmod FileUtils.chmod FileUtils.chmod_R FileUtils.chown FileUtils.chown_R",
        Act::Permission,
    ),
    ("ruby", "fork Process.fork Fiddle.dlopen", Act::Fork),
    ("php", "system exec shell_exec passthru popen proc_open pcntl_exec \u{1}", Act::Spawn),
    ("php", "unlink rmdir ftruncate", Act::Delete),
    ("php", "file_put_contents copy symlink touch_all", Act::Write),
    (
        "php",
        "fopen file_get_contents readfile file include require include_once require_once",
        Act::Open,
    ),
    ("php", "rename", Act::Move),
    ("php", "mail curl_exec ftp_put", Act::Send),
    ("php", "fsockopen stream_socket_client pfsockopen", Act::Connect),
    ("php", "stream_socket_server", Act::Listen),
    ("php", "eval assert create_function", Act::Eval),
    ("php", "posix_kill", Act::Kill),
    ("php", "chmod chown", Act::Permission),
    ("php", "dl pcntl_fork", Act::Native),
    (
        "lua",
        "os.execute io.popen vim.fn.system vim.fn.jobstart vim.fn.termopen vim.loop.spawn vim.system system jobstart",
        Act::Spawn,
    ),
    ("lua", "os.remove vim.fn.delete", Act::Delete),
    ("lua", "io.open", Act::Open),
    ("lua", "os.rename", Act::Move),
    ("lua", "load loadstring dofile loadfile package.loadlib", Act::Eval),
    ("r", "system system2 shell processx.run", Act::Spawn),
    ("r", "file.remove", Act::Delete),
    ("r", "unlink", Act::DeleteTree),
    ("r", "writeLines write.csv saveRDS sink", Act::Move),
    ("r", "unlink_all dir_delete fs.dir_delete fs.file_delete", Act::DeleteTree),
    ("r", "install.packages", Act::Install),
    (
        "r",
        "remotes.install_github remotes.install_gitlab remotes.install_git remotes.install_url remotes.install_bitbucket remotes.install_svn devtools.install_github devtools.install_gitlab devtools.install_git devtools.install_url install_github install_gitlab install_git install_url",
        Act::InstallForeign,
    ),
    ("r", "eval parse source", Act::Eval),
    ("r", "dyn.load", Act::Native),
    ("julia", "run \u{1} pipeline", Act::Spawn),
    ("julia", "rm Base.rm Base.Filesystem.rm Filesystem.rm", Act::DeleteTree),
    ("julia", "Pkg.add Pkg.develop Pkg.Registry.add", Act::Install),
    ("julia", "write", Act::Write),
    ("julia", "mv cp", Act::Move),
    ("julia", "eval include_string include", Act::Eval),
    ("java", ".exec ProcessBuilder exec .execute Process sys.process.Process", Act::Spawn),
    ("java", "Files.delete Files.deleteIfExists .delete os.remove", Act::Delete),
    ("java", "os.remove.all", Act::DeleteTree),
    ("java", "os.proc", Act::Spawn),
    ("java", ".destroy .destroyForcibly", Act::Kill),
    ("java", ".deleteDir FileUtils.deleteDirectory .deleteRecursively", Act::DeleteTree),
    ("java", "Files.write Files.writeString FileWriter FileOutputStream", Act::Write),
    ("java", "Socket", Act::Connect),
    ("java", "ServerSocket", Act::Listen),
    ("java", "System.load System.loadLibrary Eval.me", Act::Native),
    ("elixir", "System.cmd System.shell .cmd os.cmd Port.open Mix.shell.cmd", Act::Spawn),
    ("elixir", "File.rm", Act::Delete),
    ("elixir", "File.rm_rf file.del_dir_r File.rmdir", Act::DeleteTree),
    ("elixir", "File.write file.write_file file.delete", Act::Write),
    ("elixir", "Code.eval_string System.halt init.stop", Act::Eval),
    (
        "lisp",
        "shell-command call-process start-process uiop.run-program run-program system async-shell-command sh shell.sh exec shell",
        Act::Spawn,
    ),
    (
        "lisp",
        "sb-ext.run-program run-shell-command ext.shell ext.run-shell-command clojure.java.shell.sh babashka.process.shell babashka.process.sh process.shell p.shell p.sh system* process process* subprocess execl execlp make-process process-file shell-command-to-string process-lines comint-run compile run-shell",
        Act::Spawn,
    ),
    (
        "lisp",
        "delete-file uiop.delete-file-if-exists clojure.java.io.delete-file io.delete-file fs.delete babashka.fs.delete",
        Act::Delete,
    ),
    (
        "lisp",
        "delete-directory delete-directory.files delete-tree .delete-tree .delete-dir uiop.delete-directory-tree delete-directory-and-files delete-directory-recursively",
        Act::DeleteTree,
    ),
    ("lisp", "kill-emacs save-buffers-kill-emacs signal-process", Act::Kill),
    (
        "lisp",
        "package-install-file package-install package-vc-install quicklisp.quickload",
        Act::InstallForeign,
    ),
    ("lisp", "write-region write-file spit", Act::Write),
    ("lisp", "eval load kill-emacs-hook load-file", Act::Eval),
    ("tcl", "exec system spawn open", Act::Spawn),
    ("tcl", "file.delete", Act::DeleteTree),
    ("tcl", "file.rename file.copy", Act::Move),
    ("tcl", "socket", Act::Connect),
    ("applescript", "shell script", Act::Spawn),
    ("swift", "removeItem .removeItem trashItem .trashItem", Act::DeleteTree),
    ("swift", "Process Process.run system popen posix_spawn", Act::Spawn),
    ("swift", "unlink remove", Act::Delete),
    ("nim", "removeDir os.removeDir rmDir", Act::DeleteTree),
    ("nim", "removeFile os.removeFile tryRemoveFile", Act::Delete),
    (
        "nim",
        "execShellCmd execCmd execCmdEx execProcess startProcess gorge staticExec exec",
        Act::Spawn,
    ),
    ("nim", "writeFile", Act::Write),
    (
        "haskell",
        "system callCommand callProcess readProcess rawSystem System.Process.callCommand System.Process.system",
        Act::Spawn,
    ),
    ("haskell", "removeFile System.Directory.removeFile", Act::Delete),
    (
        "haskell",
        "removeDirectoryRecursive removePathForcibly System.Directory.removeDirectoryRecursive",
        Act::DeleteTree,
    ),
    ("haskell", "writeFile appendFile", Act::Write),
    ("ocaml", "Sys.command Unix.system Unix.execv Unix.execvp Unix.open_process_in", Act::Spawn),
    ("ocaml", "Sys.remove Unix.unlink Sys.rmdir", Act::Delete),
    ("ocaml", "open_out Out_channel.open_text", Act::Write),
    ("ocaml", "Unix.kill", Act::Kill),
    ("swift", "kill", Act::Kill),
];

/// Whether a dotted name ends in another.
fn ends_with_name(name: &str, last: &str) -> bool {
    name.strip_suffix(last).is_some_and(|head| head.ends_with('.'))
}

/// What a call does; `imports` are the names under which things are known in this source.
pub(super) fn act_of(language: &str, name: &str, imports: &[(String, String)]) -> Option<Act> {
    let head = name.split('.').next().unwrap_or_default();
    let mut candidates = vec![name.trim_start_matches('.').to_owned()];
    for (short, full) in imports {
        if short == "*" {
            candidates.push(format!("{full}.{name}"));
        } else if short == head {
            candidates.push(format!("{full}{}", name.get(head.len()..).unwrap_or_default()));
        }
    }
    let matching = |pattern: &str| match pattern.strip_prefix('.') {
        Some(last) => {
            name.ends_with(pattern) && name.len() > pattern.len()
                || name == pattern
                || name == last && language != "python" && last.len() > 6
        }
        None => candidates
            .iter()
            .any(|c| c == pattern || (pattern.contains('.') && ends_with_name(c, pattern))),
    };
    CALLS
        .iter()
        .find(|(l, patterns, _)| *l == language && patterns.split(' ').any(matching))
        .map(|(_, _, act)| *act)
}
