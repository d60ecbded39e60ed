using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>
/// The file with the state. One process at a time owns it: others use a new id, read the nodes, and write nothing. It is written to a temporary file, flushed and
/// renamed, so that it is always complete.
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

    /// <summary>Whether this process owns it.</summary>
    public bool IsOurs => _lock is not null;

    /// <summary>Opens the file in a folder; null if nothing can be stored, which is not an error.</summary>
    /// <param name="folder">The folder; created if it is missing.</param>
    /// <param name="bootstrap">The bootstrap nodes: each DHT has its own file, so that nodes of one do not get into another.</param>
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

    /// <summary>Reads the state; null if there is none.</summary>
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

    /// <summary>Writes the state, if this process owns the file.</summary>
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
                // The next run bootstraps like the first.
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
