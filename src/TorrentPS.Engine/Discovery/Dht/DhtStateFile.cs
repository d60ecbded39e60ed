using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>
/// The file that the state is kept in. One process at a time has it: another runs with an id of its own, reads the nodes, and writes nothing.
/// Written beside, flushed and renamed, so that it is never half a file.
/// </summary>
internal sealed class DhtStateFile : IDisposable
{
    private const int MaxLength = 1 << 20;

    private readonly string _path;
    private readonly SafeFileHandle? _lock;
    private readonly Lock _writing = new();

    private DhtStateFile(string path, SafeFileHandle? held)
    {
        _path = path;
        _lock = held;
    }

    /// <summary>Whether it is ours to write.</summary>
    public bool IsOurs => _lock is not null;

    /// <summary>Opens the file of a folder; null where nothing can be kept, which is no reason to fail.</summary>
    /// <param name="folder">The folder; made when missing.</param>
    /// <param name="bootstrap">The nodes to get in by: another DHT has a file of its own, so that none leads into the other.</param>
    public static DhtStateFile? Open(string folder, IReadOnlyList<string> bootstrap)
    {
        try
        {
            Directory.CreateDirectory(folder);
            string path = Path.Combine(folder, NameOf(bootstrap));
            return new DhtStateFile(path, TryLock(path + ".lock"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException or TorrentException)
        {
            return null;
        }
    }

    /// <summary>Reads the state; null when there is none.</summary>
    public DhtState? Load()
    {
        try
        {
            if (ControlFile.Read(_path, MaxLength) is not { } bytes || DhtState.Read(bytes) is not { } state)
                return null;
            return IsOurs ? state : state with { IdV4 = null, IdV6 = null };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TorrentException)
        {
            return null;
        }
    }

    /// <summary>Writes the state, if it is ours to write.</summary>
    public void Save(DhtState state)
    {
        if (!IsOurs)
            return;
        lock (_writing)
        {
            try
            {
                ControlFile.Write(_path, _path + ".new", state.Write(), flush: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or TorrentException)
            {
                // The next run gets in as the first did.
            }
        }
    }

    public void Dispose() => _lock?.Dispose();

    private static SafeFileHandle? TryLock(string path)
    {
        try
        {
            return ControlFile.Open(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string NameOf(IReadOnlyList<string> bootstrap)
    {
        if (bootstrap.SequenceEqual(DhtBootstrap.WellKnown))
            return "dht.state";
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', bootstrap.Order(StringComparer.Ordinal))));
        return $"dht-{Convert.ToHexStringLower(hash.AsSpan(0, 4))}.state";
    }
}
