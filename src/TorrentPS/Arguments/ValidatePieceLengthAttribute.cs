using System.Management.Automation;
using System.Numerics;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Arguments;

/// <summary>Accepts powers of two from 16 KiB to 256 MiB.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class ValidatePieceLengthAttribute : ValidateArgumentsAttribute
{
    /// <inheritdoc/>
    protected override void Validate(object arguments, EngineIntrinsics engineIntrinsics)
    {
        if (arguments is not (int and >= TorrentBuilder.LeastPieceLength and <= TorrentBuilder.GreatestPieceLength) || !BitOperations.IsPow2((int)arguments))
            throw new ValidationMetadataException(SafeText.Escape($"{arguments} bytes are no length of a piece. Give a power of two from 16KB to 256MB, as in 1MB; or leave -PieceLength out to have it chosen by the size of the data."));
    }
}
