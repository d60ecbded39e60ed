using System.Diagnostics;
using TorrentPS.Benchmarks.Measuring;

namespace TorrentPS.Benchmarks.Comparing;

/// <summary>
/// A client that may be installed, and its start on loopback: every source of peers but the tracker disabled, no preallocation, no limits.
/// </summary>
internal abstract class ComparedClient
{
    /// <summary>Its name in the table and on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>Whether it reports completion by running <see cref="Job.Hook"/>; otherwise it ends on completion.</summary>
    public virtual bool HasHook => true;

    /// <summary>Whether it ends by itself on completion.</summary>
    public virtual bool Exits => true;

    /// <summary>Whether it connects to loopback addresses; otherwise the seeders must connect to it.</summary>
    public virtual bool Dials => true;

    /// <summary>Whether it listens on every address rather than on a given one.</summary>
    public virtual bool ListensOnAny => false;

    /// <summary>Its version; null if it is not installed.</summary>
    public string? Version => field ??= FindVersion();

    /// <summary>The package to install.</summary>
    public abstract string Missing { get; }

    /// <summary>Every known client, installed or not.</summary>
    /// <param name="torrentPS">The path of torrentps; null means the build's output.</param>
    public static ComparedClient[] All(string? torrentPS) =>
        [new TorrentPSTool(torrentPS), new Libtorrent(tuned: true), new Libtorrent(tuned: false), new Aria2(), new Transmission(), new Rtorrent()];

    public abstract ProcessStartInfo Command(Job job);

    protected abstract string? FindVersion();

    /// <summary>The first line with a digit of a program's version output; null if there is no such program.</summary>
    protected static string? Ask(string program, params string[] arguments)
    {
        if ((Path.IsPathRooted(program) ? program : Installed.Find(program)) is not { } path)
            return null;
        using var process = Process.Start(new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd() + errors.Result;
        process.WaitForExit();
        return output.Split('\n').FirstOrDefault(line => line.Any(char.IsAsciiDigit))?.Trim();
    }

    /// <summary>The part of a line that looks like a version.</summary>
    protected static string? Number(string? line) => line?.Split(' ').FirstOrDefault(word => word.Length > 0 && char.IsAsciiDigit(word[0]))?.TrimEnd('.', ',');
}
