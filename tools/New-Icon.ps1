#Requires -Version 7.6
<#
.SYNOPSIS
Draws docs/icon.png, the icon of the package: 85 by 85 pixels, the same bytes each time.
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    # The file to write.
    [string] $Path = (Join-Path $PSScriptRoot '../docs/icon.png')
)

$ErrorActionPreference = 'Stop'
Add-Type -TypeDefinition @'
using System;
using System.Buffers.Binary;
using System.IO;
using System.IO.Compression;
using System.Text;

public static class IconWriter
{
    private const int Size = 85;
    private const int Samples = 4;

    // A prompt whose underline is three peers: shapes as distances, smoothed by sampling.
    private static (double R, double G, double B, double A) ColorAt(double x, double y)
    {
        double dx = Math.Max(Math.Abs(x - 42.5) - 26.5, 0), dy = Math.Max(Math.Abs(y - 42.5) - 26.5, 0);
        if (Math.Sqrt(dx * dx + dy * dy) > 15)
            return (0, 0, 0, 0);
        bool isChevron = Segment(x, y, 20, 18, 40, 34) < 4.2 || Segment(x, y, 40, 34, 20, 50) < 4.2;
        bool isLink = Segment(x, y, 26, 66, 60, 66) < 1.6 || Segment(x, y, 60, 66, 60, 34) < 1.6 || Segment(x, y, 26, 66, 60, 34) < 1.6;
        bool isPeer = Point(x, y, 26, 66) < 6 || Point(x, y, 60, 66) < 6 || Point(x, y, 60, 34) < 6;
        if (isPeer)
            return (0.36, 0.87, 0.62, 1);
        if (isChevron)
            return (1, 1, 1, 1);
        if (isLink)
            return (0.62, 0.76, 0.95, 1);
        return (0.09 + 0.05 * y / Size, 0.23 + 0.08 * y / Size, 0.47 + 0.12 * y / Size, 1);
    }

    public static byte[] Draw()
    {
        using MemoryStream rows = new MemoryStream();
        for (int y = 0; y < Size; y++)
        {
            rows.WriteByte(0);
            for (int x = 0; x < Size; x++)
            {
                double r = 0, g = 0, b = 0, a = 0;
                for (int s = 0; s < Samples * Samples; s++)
                {
                    var c = ColorAt(x + (s % Samples + 0.5) / Samples, y + (s / Samples + 0.5) / Samples);
                    r += c.R * c.A; g += c.G * c.A; b += c.B * c.A; a += c.A;
                }
                double visible = a == 0 ? 1 : a;
                rows.Write(new[] { Byte(r / visible), Byte(g / visible), Byte(b / visible), Byte(a / (Samples * Samples)) });
            }
        }
        using MemoryStream packed = new MemoryStream();
        using (ZLibStream zlib = new ZLibStream(packed, CompressionLevel.SmallestSize, true))
            zlib.Write(rows.ToArray());
        using MemoryStream png = new MemoryStream();
        png.Write(new byte[] { 0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A });
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, Size);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), Size);
        (header[8], header[9]) = (8, 6);
        Chunk(png, "IHDR", header);
        Chunk(png, "IDAT", packed.ToArray());
        Chunk(png, "IEND", Array.Empty<byte>());
        return png.ToArray();
    }

    private static void Chunk(Stream png, string type, byte[] data)
    {
        byte[] number = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        png.Write(number);
        byte[] body = new byte[4 + data.Length];
        Encoding.ASCII.GetBytes(type).CopyTo(body, 0);
        data.CopyTo(body, 4);
        png.Write(body);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc(body));
        png.Write(number);
    }

    private static uint Crc(byte[] data)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in data)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
        }
        return ~crc;
    }

    private static double Point(double x, double y, double px, double py) => Math.Sqrt((x - px) * (x - px) + (y - py) * (y - py));

    private static double Segment(double x, double y, double ax, double ay, double bx, double by)
    {
        double t = Math.Clamp(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) * (bx - ax) + (by - ay) * (by - ay)), 0, 1);
        return Point(x, y, ax + t * (bx - ax), ay + t * (by - ay));
    }

    private static byte Byte(double value) => (byte)Math.Round(255 * value);
}
'@
if ($PSCmdlet.ShouldProcess($Path, 'Draw icon')) {
    [System.IO.File]::WriteAllBytes($PSCmdlet.GetUnresolvedProviderPathFromPSPath($Path), [IconWriter]::Draw())
}
