using System.Net;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Benchmarks.Comparing;

/// <summary>The task of a client.</summary>
internal sealed record Job
{
    /// <summary>The .torrent's path; its tracker is used by this run only.</summary>
    public required string Torrent { get; init; }

    /// <summary>Whether the data is complete and to be seeded.</summary>
    public bool IsSeeding { get; init; }

    /// <summary>The folder of the data.</summary>
    public required string Folder { get; init; }

    /// <summary>A folder for the client's own files.</summary>
    public required string Config { get; init; }

    /// <summary>The file that appears on completion, for clients that run <see cref="Hook"/>.</summary>
    public required string Done { get; init; }

    /// <summary>A script that makes <see cref="Done"/>.</summary>
    public required string Hook { get; init; }

    public required IPEndPoint EndPoint { get; init; }

    public EncryptionMode Encryption { get; init; }

    public TimeSpan Timeout { get; init; }
}
