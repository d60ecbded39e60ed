namespace TorrentPS.Interop.Tests.Harness;

/// <summary>A separate network with only loopback and multicast: multicast messages do not leave it.</summary>
internal static class NetworkNamespace
{
    private const string SetUp = "ip link set lo up && ip link set lo multicast on && ip route add 224.0.0.0/4 dev lo || exit 125; ";

    /// <summary>Runs a shell script in a new namespace to its end. Skips the test if none can be created.</summary>
    /// <param name="folder">The working folder.</param>
    /// <param name="script">The script; processes that it leaves running end with it.</param>
    /// <param name="limit">The time limit; that of a transfer if null.</param>
    /// <param name="isolated">Whether its processes have separate ids, by which other namespaces can be named in it.</param>
    public static async Task<(int ExitCode, ExternalProcess Process)> RunAsync(string folder, string script, TimeSpan? limit = null, bool isolated = false)
    {
        string unshare = Installed.Require("unshare", "util-linux");
        Installed.Require("ip", "iproute2");
        string[] kind = Environment.UserName == "root" ? ["-n"] : ["-r", "-n"];
        await using (ExternalProcess probe = ExternalProcess.Start(unshare, [.. kind, "sh", "-c", SetUp + "true"], folder))
        {
            int code = await probe.WaitForExitAsync(Limits.Start);
            Assert.SkipUnless(code == 0, "This system makes no network namespaces (unshare -n, ip); run as root, or allow user namespaces.");
        }

        await using ExternalProcess process = ExternalProcess.Start(unshare, [.. kind, "-p", "-f", "--kill-child", .. isolated ? (string[])["--mount-proc"] : [], "sh", "-c", SetUp + script], folder);
        return (await process.WaitForExitAsync(limit ?? Limits.Transfer), process);
    }

    /// <summary>A command with its arguments, quoted for a shell.</summary>
    public static string Quote(params IEnumerable<string> words) => string.Join(' ', words.Select(word => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'"));
}
